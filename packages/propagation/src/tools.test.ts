import { expect, test } from "vitest";
import { isTool } from "./tools.ts";

test.each([
  "/usr/local/lib/node_modules/npm/bin/npm-cli.js",
  "/usr/local/bin/npm",
  "/usr/local/bin/npx",
  "/root/.nvm/versions/node/v24.21.0/bin/yarn",
  "/opt/yarn-v1.22.22/bin/yarn.js",
  "/app/node_modules/typescript/bin/tsc",
  "/app/node_modules/.bin/tsc",
  "/app/node_modules/.bin/webpack",
  "/app/node_modules/.pnpm/esbuild@0.28.2/node_modules/esbuild/bin/esbuild",
  "/app/node_modules/@swc/cli/bin/swc.js",
  "C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npx-cli.js",
  "/usr/local/lib/node_modules/corepack/dist/pnpm.js",
])("%s is a tool", (script) => {
  expect(isTool(script)).toBe(true);
});

test.each([
  undefined,
  "/app/server.js",
  "/app/dist/main.js",
  "/app/npm/server.js",
  "/app/bin/www",
  "/app/node_modules/.bin/next",
  "/app/node_modules/@acme/service/bin/start.js",
  "/app/node_modules/npm-service/index.js",
  "/app/bin/vitepress-server.js",
  "/app/node_modules/.bin/vitest",
])("%s is none", (script) => {
  expect(isTool(script)).toBe(false);
});
