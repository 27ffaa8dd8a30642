/** What developers and images run beside the service: these make requests too, and none of them for a virtual cluster. */
const PACKAGES = [
  "npm",
  "npx",
  "yarn",
  "pnpm",
  "corepack",
  "node-gyp",
  "typescript",
  "esbuild",
  "webpack",
  "webpack-cli",
  "rollup",
  "rolldown",
  "vite",
  "@swc/cli",
  "@babel/cli",
  "eslint",
  "prettier",
  "@biomejs/biome",
  "turbo",
  "nx",
  "lerna",
  "husky",
  "lint-staged",
];

const COMMANDS = ["npm", "npx", "yarn", "yarnpkg", "pnpm", "pnpx", "corepack", "node-gyp", "tsc", "tsserver", "esbuild", "webpack"].concat([
  "rollup",
  "rolldown",
  "vite",
  "swc",
  "babel",
  "eslint",
  "prettier",
  "biome",
  "turbo",
  "nx",
  "lerna",
  "husky",
  "lint-staged",
]);

/**
 * Is this script, `process.argv[1]`, a package manager or a build tool?
 *
 * Told by the package that the file lies in, or by the name of a command in a folder of commands.
 */
export function isTool(script: string | undefined): boolean {
  if (script === undefined) return false;
  const path = script.replaceAll("\\", "/");
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
  if (inPackage !== undefined && inPackage !== ".bin") return PACKAGES.includes(inPackage);
  const command = /\/(?:\.bin|bin|shims)\/([^/]+?)(?:\.[cm]?js)?$/.exec(path)?.[1];
  return command !== undefined && COMMANDS.includes(command);
}
