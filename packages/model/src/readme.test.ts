import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MeshFileError, parseMesh } from "./mesh-file/index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const [goodFile = "", badFile = ""] = blocksOf("yaml");
const [errors = ""] = blocksOf("text");

function blocksOf(language: string): string[] {
  return Array.from(readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms")), ([, block = ""]) => block);
}

describe("README.md", () => {
  it("shows a mesh file that is one", () => {
    const mesh = parseMesh([{ path: "mesh.yaml", text: goodFile }]);
    expect(mesh.virtualClusters.map(({ name }) => name)).toEqual(["pr-42"]);
  });

  it("shows what is really printed for a mesh file that is refused", () => {
    let printed = "";
    try {
      parseMesh([{ path: "mesh.yaml", text: badFile }]);
    } catch (error) {
      if (error instanceof MeshFileError) printed = error.message;
    }
    expect(`${printed}\n`).toBe(errors);
  });

  it("names every problem's code", () => {
    const codes = ["documents", "mesh-file"].flatMap((folder) => {
      const declared = readFileSync(new URL(`./${folder}/problem.ts`, import.meta.url), "utf8").matchAll(/^ {2}\| "([a-z-]+)"/gm);
      return Array.from(declared, ([, code = ""]) => code);
    });
    expect(codes.length).toBeGreaterThan(20);
    expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
  });
});
