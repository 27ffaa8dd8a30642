/**
 * Completes package-lock.json with the builds for other platforms that npm left out of it, or says with `--check` which are missing.
 *
 * npm drops an optional dependency from the lock file when the registry that it asked did not have it, and `npm ci` then refuses the file. Such packages are
 * named for their platform (`@biomejs/cli-darwin-arm64`), so their entries can be written without asking anybody.
 */
import { readFile, writeFile } from "node:fs/promises";

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface LockFile {
  packages: Record<string, LockedPackage>;
}

const PATH = "package-lock.json";
const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];

const lock: LockFile = JSON.parse(await readFile(PATH, "utf8"));
const missing = findMissing(lock);
if (process.argv.includes("--check")) {
  if (missing.size > 0) {
    console.error(`${PATH} lacks ${[...missing.keys()].join(", ")}; run \`node scripts/complete-lockfile.ts\``);
    process.exitCode = 1;
  }
} else {
  const packages = Object.entries({ ...lock.packages, ...Object.fromEntries(missing) });
  lock.packages = Object.fromEntries(packages.sort(([a], [b]) => (a === b ? 0 : a < b ? -1 : 1)));
  await writeFile(PATH, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${missing.size} added to ${PATH}`);
}

function findMissing({ packages }: LockFile): ReadonlyMap<string, object> {
  const found = new Map<string, object>();
  for (const [path, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const isThere = ancestors(path).some((folder) => `${folder}node_modules/${name}` in packages);
      const platform = platformOf(name);
      if (isThere || platform === undefined) continue;
      found.set(`node_modules/${name}`, { version, ...platform, ...(dev ? { dev } : {}), optional: true });
    }
  }
  return found;
}

/** The folders in which a package looks for its dependencies, its own first. */
function ancestors(path: string): readonly string[] {
  const parts = path.split("node_modules/");
  return parts
    .map((_, index) => parts.slice(0, parts.length - index).join("node_modules/"))
    .map((folder) => (folder === "" || folder.endsWith("/") ? folder : `${folder}/`));
}

function platformOf(name: string): object | undefined {
  const words = name.split(/[-/]/);
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words.filter((word) => PROCESSORS.includes(word));
  if (cpu.length === 0) return undefined;
  const libc = words.some((word) => word.startsWith("musl"))
    ? ["musl"]
    : words.some((word) => word.startsWith("gnu"))
      ? ["glibc"]
      : undefined;
  return { cpu, ...(libc === undefined ? {} : { libc }), ...(os.length === 0 ? {} : { os }) };
}
