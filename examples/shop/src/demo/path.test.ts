import { describe, expect, it } from "vitest";
import { formatPath, isSamePath, readPath, UnreadableAnswerError } from "./path.ts";

const inventory = { service: "inventory", version: "pr-42", header: "pr-42", madeOf: "Express 5", calls: [] };
const catalog = { service: "catalog", version: "default", header: null, madeOf: "Express 4, undici", calls: [inventory] };

describe("readPath", () => {
  it("follows the calls and names the version of each service but the baseline's", () => {
    const path = readPath(catalog);
    expect(path).toEqual([
      { at: "catalog", header: null, madeOf: "Express 4, undici" },
      { at: "inventory@pr-42", header: "pr-42", madeOf: "Express 5" },
    ]);
    expect(formatPath(path)).toBe("catalog → inventory@pr-42");
  });

  it("keeps what a host outside the mesh was sent", () => {
    const outside = { ...inventory, service: "api.payments.example", version: "outside", received: { host: "api.payments.example" } };
    expect(readPath(outside)).toMatchObject([{ at: "api.payments.example", received: { host: "api.payments.example" } }]);
  });

  it.each([
    ["nothing", undefined],
    ["text", "upstream connect error"],
    ["no version", { ...inventory, version: undefined }],
    ["no calls", { ...inventory, calls: undefined }],
    ["an unreadable call", { ...catalog, calls: ["no healthy upstream"] }],
  ])("refuses an answer with %s", (_, answer) => {
    expect(() => readPath(answer)).toThrow(UnreadableAnswerError);
  });
});

describe("isSamePath", () => {
  const path = readPath(catalog);
  it.each([
    ["itself", path, true],
    ["a shorter one", path.slice(1), false],
    ["a longer one", [...path, ...path], false],
    ["another version", path.map((hop, index) => (index === 1 ? { ...hop, at: "inventory" } : hop)), false],
    ["another header", path.map((hop) => ({ ...hop, header: "pr-42" })), false],
  ])("compared with %s", (_, other, isSame) => {
    expect(isSamePath(path, other)).toBe(isSame);
    expect(isSamePath(other, path)).toBe(isSame);
  });
});
