import { expect, test } from "vitest";
import { isSupported } from "./node-version.ts";

test.each([
  ["16.20.2", false],
  ["18.20.8", false],
  ["20.18.3", false],
  ["20.19.0", true],
  ["20.20.2", true],
  ["22.0.0", true],
  ["24.21.0", true],
  ["26.10.0", true],
])("Node.js %s is supported: %s", (version, wanted) => {
  expect(isSupported(version)).toBe(wanted);
});
