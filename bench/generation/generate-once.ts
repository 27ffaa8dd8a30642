/** One fresh process: reads a mesh file of the given size, generates its Istio configuration, compiles it for one sidecar; prints what that took. */
import { compile, generate, resourcesOf } from "@puggle/mesh-config";
import { parseMesh } from "@puggle/model";
import { writeMeshText } from "./mesh-text.ts";

const text = writeMeshText(Number(process.argv[2]));
const start = performance.now();
const mesh = parseMesh([{ path: "mesh.yaml", text }]);
const parsed = performance.now();
const files = generate(mesh, "istio");
const generated = performance.now();
const resources = resourcesOf(mesh);
const described = performance.now();
const table = compile(resources, { kind: "sidecar", namespace: "team-0", labels: { app: "service-0" } });
const compiled = performance.now();
const figures = {
  members: mesh.virtualClusters.reduce((sum, { members }) => sum + members.length, 0),
  files: files.length,
  parseMs: parsed - start,
  generateMs: generated - parsed,
  routes: table.ports.flatMap(({ virtualHosts }) => virtualHosts).reduce((sum, { routes }) => sum + routes.length, 0),
  compileMs: compiled - described,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(figures));
