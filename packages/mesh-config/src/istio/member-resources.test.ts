import { describe, expect, it } from "vitest";
import { readQuantity } from "../kubernetes/quantity.ts";
import { withSmallRequests } from "./member-resources.ts";

const trimmed = (resources: object | undefined) => {
  const [container] = withSmallRequests({ containers: [{ name: "app", resources }] }, { cpu: "100m", memory: "128Mi" }).containers;
  return container?.resources;
};

describe("what members ask for", () => {
  it.each([
    ["more of both", { requests: { cpu: "2", memory: "4Gi" } }, { requests: { cpu: "100m", memory: "128Mi" } }],
    ["more of one, and less of the other", { requests: { cpu: "50m", memory: "1G" } }, { requests: { cpu: "50m", memory: "128Mi" } }],
    ["a limit alone, which is a request too", { limits: { cpu: 1 } }, { limits: { cpu: 1 }, requests: { cpu: "100m" } }],
    [
      "other things too",
      { requests: { cpu: "1e3m", "nvidia.com/gpu": 1 }, limits: { memory: "64Mi" } },
      { requests: { cpu: "1e3m", "nvidia.com/gpu": 1 }, limits: { memory: "64Mi" } },
    ],
    ["nothing", undefined, undefined],
  ])("is at most what the mesh file says, where the baseline asks for %s", (_, resources, expected) => {
    expect(trimmed(resources)).toEqual(expected);
  });
});

it.each([
  ["250m", 0.25],
  ["1.5Gi", 1.5 * 2 ** 30],
  ["1e3", 1_000],
  ["2E", 2e18],
  [".5", 0.5],
  ["128974848", 128_974_848],
  ["100u", 1e-4],
])("the quantity %s is %d", (text, number) => {
  expect(readQuantity(text)).toBeCloseTo(number);
});

it.each(["1e3m", "a lot", "", "Mi", "1 Gi"])("there is no number behind %j", (text) => {
  expect(readQuantity(text)).toBeNaN();
});
