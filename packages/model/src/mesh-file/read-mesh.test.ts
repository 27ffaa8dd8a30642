import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GENERATED_FILE_MARKER } from "../generated-file.ts";
import { readMesh } from "./read-mesh.ts";
import { MESH_FILE_MAX_BYTES } from "./source-text.ts";

const HEAD = "apiVersion: puggle.dev/v1alpha1\nkind: Mesh\n";
const SPLIT = "split it into several files in one folder, and give the folder's name";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "puggle-model-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(path: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, path);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, content);
  return file;
}

const serviceNames = async (path: string) => (await readMesh(path)).services.map(({ name }) => name);

/** What reading prints, with the folder's own name left out. */
async function refusalOf(path: string): Promise<string[]> {
  const message = await readMesh(path).then(
    () => "",
    (error: unknown) => String(error),
  );
  return message.replace("MeshFileError: ", "").replaceAll(folder, "").split("\n");
}

describe("readMesh", () => {
  it("reads one file, whatever its name", async () => {
    const file = await write("our-mesh", `${HEAD}services: [{ name: web }]\n`);
    expect(await serviceNames(file)).toEqual(["web"]);
  });

  it("reads every YAML file in a folder and the folders in it, and nothing else", async () => {
    await write("b.yaml", `${HEAD}services: [{ name: web }]\n`);
    await write("deep/er/a.yml", `${HEAD}services: [{ name: cart }]\n`);
    await write("README.md", "# not YAML: [");
    await write(".hidden/x.yaml", "[");
    await write(".x.yaml", "[");
    await symlink(join(folder, "elsewhere.txt"), join(folder, "linked.yaml"));
    await write("elsewhere.txt", `${HEAD}services: [{ name: linked }]\n`);
    expect(await serviceNames(folder)).toEqual(["cart", "linked", "web"]);
  });

  it("leaves out what puggle generated into the folder, however large, and reads it nowhere else", async () => {
    const generated = `${GENERATED_FILE_MARKER} --target istio\` from the mesh file.\napiVersion: networking.istio.io/v1\nkind: VirtualService\n`;
    await write("mesh.yaml", `${HEAD}services: [{ name: web }]\n`);
    await write("generated/istio/web/virtual-service.yaml", generated);
    const large = await write("generated/envoy/gateway.yaml", `${generated}# ${"x".repeat(MESH_FILE_MAX_BYTES)}\n`);
    expect(await serviceNames(folder)).toEqual(["web"]);
    expect(await refusalOf(large)).toEqual([
      `/generated/envoy/gateway.yaml:1:1: the file is larger than 5 MiB, the most that is read; ${SPLIT}`,
    ]);
    await write("theirs.yaml", `# Not first.\n${generated}`);
    expect(await refusalOf(folder)).toEqual([
      "/theirs.yaml:3:13: 'apiVersion' is \"networking.istio.io/v1\"; a mesh file says 'puggle.dev/v1alpha1'",
      "/theirs.yaml:4:7: 'kind' is \"VirtualService\"; a mesh file says 'Mesh'",
    ]);
  });

  it("refuses a folder that holds nothing but what puggle generated", async () => {
    await write("istio/web.yaml", `${GENERATED_FILE_MARKER} --target istio\` from the mesh file.\nkind: Service\n`);
    expect(await refusalOf(folder)).toEqual([
      ":1:1: the folder holds no *.yaml or *.yml file, but for what puggle generated; put a mesh file there, or name another folder",
    ]);
  });

  it("reads a file that begins with a byte order mark", async () => {
    const file = await write("mesh.yaml", `\uFEFF${HEAD}services: [{ name: web }]\n`);
    expect(await serviceNames(file)).toEqual(["web"]);
  });

  it.skipIf(process.platform === "win32")("reads a pipe", async () => {
    const pipe = join(folder, "pipe");
    await promisify(execFile)("mkfifo", [pipe]);
    const [names] = await Promise.all([serviceNames(pipe), writeFile(pipe, `${HEAD}services: [{ name: piped }]\n`)]);
    expect(names).toEqual(["piped"]);
  });

  it("refuses a file that is not there", async () => {
    expect(await refusalOf(join(folder, "mesh.yaml"))).toEqual(["/mesh.yaml:1:1: there is no such file or folder; check the path"]);
  });

  it("refuses a folder without mesh files", async () => {
    await write("README.md", "nothing");
    expect(await refusalOf(folder)).toEqual([
      ":1:1: the folder holds no *.yaml or *.yml file; put a mesh file there, or name another folder",
    ]);
  });

  it("tells of a file that can not be read together with what is wrong in the others", async () => {
    await symlink("loop.yaml", join(folder, "loop.yaml"));
    await symlink("nowhere", join(folder, "dangling.yaml"));
    await write("web.yaml", `${HEAD}services: [{ nam: web }]\nvirtualClusters: [{ name: vc, members: [{ service: cart }] }]\n`);
    expect(await refusalOf(folder)).toEqual([
      "/dangling.yaml:1:1: there is no such file or folder; check the path",
      "/loop.yaml:1:1: the file can not be read (ELOOP); check what it is, and its permissions",
      "/web.yaml:3:12: a service has no 'name'; add it",
      "/web.yaml:3:14: unknown key 'nam' in a service; did you mean 'name'?",
    ]);
  });

  it.each([
    ["Latin-1", Buffer.from("# caf\u00e9\n", "latin1"), "/m.yaml:1:6: the file is not UTF-8 text; save it as UTF-8"],
    ["UTF-16", Buffer.from(`\uFEFF${HEAD}`, "utf16le"), "/m.yaml:1:1: the file is not UTF-8 text; save it as UTF-8"],
    ["an image", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]), "/m.yaml:1:1: the file is not UTF-8 text; save it as UTF-8"],
  ])("refuses %s", async (_what, content, expected) => {
    expect(await refusalOf(await write("m.yaml", content))).toEqual([expected]);
  });

  it("refuses a file of 10 MB without reading it to the end", async () => {
    const file = await write("m.yaml", Buffer.alloc(10_000_000, "#"));
    expect(await refusalOf(file)).toEqual([`/m.yaml:1:1: the file is larger than 5 MiB, the most that is read; ${SPLIT}`]);
  });

  it("stops reading a source that never ends", async () => {
    expect(await refusalOf("/dev/zero")).toEqual([`/dev/zero:1:1: the file is larger than 5 MiB, the most that is read; ${SPLIT}`]);
  });
});
