import { parseMesh } from "@puggle/model";
import { describe, expect, it } from "vitest";
import { warnOfExpired } from "./expiry-warnings.ts";

const clusters = `
  - name: without-end
  - { name: over, expires: 2030-01-31T18:00:00Z }
  - { name: elsewhere, expires: 2030-01-31T19:00:00+01:00 }
  - { name: later, expires: 2030-01-31T18:00:00.001Z }`;
const mesh = parseMesh([{ path: "m.yaml", text: `apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nvirtualClusters:${clusters}\n` }]);

describe("warnOfExpired", () => {
  it.each([
    ["2030-01-31T17:59:59.999Z", []],
    ["2030-01-31T18:00:00Z", ["elsewhere", "over"]],
    ["2030-01-31T18:00:00.001Z", ["elsewhere", "later", "over"]],
  ])("names at %s those whose time is over: %j", (now, names) => {
    const warnings = warnOfExpired(mesh, new Date(now));
    expect(warnings.map((warning) => /^the virtual cluster (\S+) expired at 2030-/.exec(warning)?.[1])).toEqual(names);
  });
});
