import { expect, it } from "vitest";
import { warnOfLargeSidecars } from "./sidecar-warnings.ts";

it("warnOfLargeSidecars says what a sidecar takes, and what to do", () => {
  const size = { clusters: 10_200, endpoints: 20_100, virtualHosts: 202, routes: 202, megabytes: 414.6 };
  expect(warnOfLargeSidecars(size)).toEqual([
    expect.stringContaining("keeps some 415 MB (10200 clusters); say in the mesh file what services call (`calls`)"),
  ]);
  expect(warnOfLargeSidecars({ ...size, megabytes: 20 })).toEqual([]);
  expect(warnOfLargeSidecars(undefined)).toEqual([]);
});
