/**
 * Finishes the build that `tsc -b` began with the types: JavaScript for both module systems, and the types a second time for
 * CommonJS.
 */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const esm = join(root, "dist/esm");
const cjs = join(root, "dist/cjs");
const entries = ["index", "register", "express", "fastify", "koa", "hono", "nestjs", "opentelemetry", "cls-hooked"];

for (const stale of [cjs, join(esm, "shared"), ...entries.map((name) => join(esm, `${name}.js`))])
  rmSync(stale, { recursive: true, force: true });
cpSync(esm, cjs, { recursive: true });
// Says of the types, as of the code, that they are CommonJS's: the package itself is of ES modules.
writeFileSync(join(cjs, "package.json"), '{ "type": "commonjs" }\n');

const bundle = await rolldown({
  input: Object.fromEntries(entries.map((name) => [name, join(root, `src/${name}.ts`)])),
  external: /^(?:node:|@opentelemetry\/)/,
  platform: "node",
});
for (const [format, dir] of [
  ["esm", esm],
  ["cjs", cjs],
] as const) {
  await bundle.write({ dir, format, entryFileNames: "[name].js", chunkFileNames: "shared/[name].js", exports: "named" });
}
await bundle.close();
