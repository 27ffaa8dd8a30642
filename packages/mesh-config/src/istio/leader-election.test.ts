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
  ["a flag of the command", { command: ["/manager", "-leader-election-id=a"] }, { command: ["/manager", "-leader-election-id=a-pr-42"] }],
  ["a variable", { env: [{ name: "LEADER_ELECTION_ID", value: "a" }] }, { env: [{ name: "LEADER_ELECTION_ID", value: "a-pr-42" }] }],
  [
    "a variable with a prefix",
    { env: [{ name: "CART_LEADER_ELECTION_ID", value: "a" }] },
    { env: [{ name: "CART_LEADER_ELECTION_ID", value: "a-pr-42" }] },
  ],
])("gives a member a lease of its own, named by %s", (_, container, expected) => {
  expect(renamed(container)).toEqual(expected);
});

it("gives one to containers that run first too, and finds a value that follows its flag in the next list", () => {
  const spec = {
    containers: [{ command: ["/a", "--leader-election-id"], args: ["x"] }],
    initContainers: [{ args: ["--leader-election-id=x"] }],
  };
  expect(withOwnLeases(spec, "pr-42")).toEqual({
    containers: [{ command: ["/a", "--leader-election-id"], args: ["x-pr-42"] }],
    initContainers: [{ args: ["--leader-election-id=x-pr-42"] }],
  });
});

it.each([
  ["other flags", { args: ["--leader-elect=true", "--leader-election-namespace=shop", "--name=a"] }],
  [
    "other variables",
    {
      env: [
        { name: "RELEASE_NAME", value: "a" },
        { name: "MIGRATION_LOCK_NAME", value: "schema" },
        { name: "LEADER_ELECTION_ID", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      ],
    },
  ],
  ["a flag without a value", { args: ["--leader-election-id", "--verbose"] }],
  ["nothing", { name: "app" }],
])("leaves %s as they are", (_, container) => {
  expect(renamed(container)).toEqual(container);
});
