/** One fresh process: reads a mesh file of the given size and generates its Istio configuration; prints what that took. */
import { generate } from "@puggle/mesh-config";
import { parseMesh } from "@puggle/model";
import { writeMeshText } from "./mesh-text.ts";

const text = writeMeshText(Number(process.argv[2]));
const start = performance.now();
const mesh = parseMesh([{ path: "mesh.yaml", text }]);
const parsed = performance.now();
const files = generate(mesh, "istio");
const generated = performance.now();
const figures = {
  members: mesh.virtualClusters.reduce((sum, { members }) => sum + members.length, 0),
  files: files.length,
  parseMs: parsed - start,
  generateMs: generated - parsed,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(figures));
