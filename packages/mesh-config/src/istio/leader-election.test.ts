import { expect, it } from "vitest";
import { withOwnLeases } from "./leader-election.ts";

const renamed = (container: object) => withOwnLeases({ containers: [container] }, "pr-42").containers[0];

it.each([
  [
    "a flag",
    { args: ["--leader-elect", "--leader-election-id=shop-lock"] },
    { args: ["--leader-elect", "--leader-election-id=shop-lock-pr-42"] },
  ],
  [
    "a flag and the next word",
    { args: ["--leader-elect-resource-name", "shop"] },
    { args: ["--leader-elect-resource-name", "shop-pr-42"] },
  ],
  ["a flag of the command", { command: ["/manager", "-lease-name=a"] }, { command: ["/manager", "-lease-name=a-pr-42"] }],
  ["a variable", { env: [{ name: "LEADER_ELECTION_ID", value: "a" }] }, { env: [{ name: "LEADER_ELECTION_ID", value: "a-pr-42" }] }],
  [
    "a variable with a prefix",
    { env: [{ name: "CART_LEASE_NAME", value: "a" }] },
    { env: [{ name: "CART_LEASE_NAME", value: "a-pr-42" }] },
  ],
])("gives a member a lease of its own, named by %s", (_, container, expected) => {
  expect(renamed(container)).toEqual(expected);
});

it.each([
  ["other flags", { args: ["--leader-elect=true", "--leader-election-namespace=shop", "--name=a"] }],
  [
    "other variables",
    {
      env: [
        { name: "RELEASE_NAME", value: "a" },
        { name: "LEADER_ELECTION_ID", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      ],
    },
  ],
  ["a flag without a value", { args: ["--leader-election-id", "--verbose"] }],
  ["nothing", { name: "app" }],
])("leaves %s as they are", (_, container) => {
  expect(renamed(container)).toEqual(container);
});
