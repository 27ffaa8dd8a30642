import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../bin/puggle.js", import.meta.url));
const MESH = `apiVersion: puggle.dev/v1alpha1
kind: Mesh
services:
  - { name: web, namespace: shop }
  - { name: cart, namespace: shop }
virtualClusters:
  - name: pr-42
    members: [{ service: cart, image: "cart:42" }]
`;

interface Session {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "puggle-cli-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function puggle(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Session> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH, ...env }, maxBuffer: 1e8 };
    execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function listFiles(path: string): Promise<string[]> {
  const entries = await readdir(join(folder, path), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

const GENERATED = [
  "generated/istio/header-boundary.yaml",
  "generated/istio/shop/cart/members-destination-rule.yaml",
  "generated/istio/shop/cart/members-service.yaml",
  "generated/istio/shop/cart/members/pr-42/deployment.yaml",
  "generated/istio/shop/cart/members/pr-42/header-stamp.yaml",
  "generated/istio/shop/cart/virtual-service.yaml",
];

describe("puggle", () => {
  it.each<[string, readonly string[], Session]>([
    ["prints its version", ["--version"], { exitCode: 0, stdout: "0.1.0\n", stderr: "" }],
    ["prints its version as JSON", ["-V", "--json"], { exitCode: 0, stdout: '{\n  "version": "0.1.0"\n}\n', stderr: "" }],
    ...(
      [
        ["generate", "-f"],
        ["generate", "-o"],
        ["generate", "--manifests", "k8s"],
        ["explain", "http://a/", "--resources"],
      ] as const
    ).map((args): [string, readonly string[], Session] => [
      `refuses the empty path of ${args.join(" ")}`,
      [...args, ""],
      { exitCode: 2, stdout: "", stderr: expect.stringMatching(/^error: option '.*' argument '' is invalid\. name a file or folder\.\n$/) },
    ]),
    [
      "suggests the command that was meant",
      ["generat"],
      { exitCode: 2, stdout: "", stderr: "error: unknown command 'generat' (Did you mean generate?)\n" },
    ],
    [
      "suggests the option that was meant",
      ["generate", "--chek"],
      { exitCode: 2, stdout: "", stderr: "error: unknown option '--chek' (Did you mean --check?)\n" },
    ],
    [
      "tells of wrong usage as JSON",
      ["generate", "--target", "linkerd", "--json"],
      {
        exitCode: 2,
        stdout: "",
        stderr: `{
  "error": {
    "code": "usage",
    "message": "option '--target <target>' argument 'linkerd' is invalid. Allowed choices are istio, envoy.",
    "problems": []
  }
}
`,
      },
    ],
    [
      "refuses options that exclude each other",
      ["generate", "--check", "--dry-run"],
      { exitCode: 2, stdout: "", stderr: "error: option '--dry-run' cannot be used with option '--check'\n" },
    ],
    [
      "names a mesh file that is not there",
      ["generate"],
      { exitCode: 3, stdout: "", stderr: "mesh.yaml:1:1: there is no such file or folder; check the path\n1 problem\n" },
    ],
    [
      "names manifests that are not there",
      ["generate", "-f", MAIN.replace("bin/puggle.js", "../../examples/shop/mesh.yaml"), "--manifests", "k8s", "other.yaml"],
      {
        exitCode: 3,
        stdout: "",
        stderr:
          "error: some manifests can not be read; check the paths\n  k8s: there is no such file or folder\n  other.yaml: there is no such file or folder\n",
      },
    ],
  ])("%s", async (_behaviour, args, expected) => {
    expect(await puggle(args)).toEqual(expected);
  });

  it("prints its help where no command is given, as wrong usage, and where it is asked for", async () => {
    const [bare, asked] = [await puggle([]), await puggle(["--help"])];
    expect(bare).toEqual({ exitCode: 2, stdout: "", stderr: asked.stdout });
    expect(asked).toMatchObject({ exitCode: 0, stderr: "" });
    for (const word of ["init", "generate", "explain", "completion", "Exit codes: 0 good"]) expect(asked.stdout).toContain(word);
  });

  it.each(["init", "generate", "explain", "completion"])("prints help with examples and --json for %s", async (command) => {
    const { exitCode, stdout, stderr } = await puggle([command, "--help"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain(`Usage: puggle ${command}`);
    expect(stdout).toMatch(/^Examples:\n {2}\S/m);
    expect(stdout).toContain("--json");
  });

  it("says nothing when its reader leaves early", async () => {
    const services = Array.from(
      { length: 2000 },
      (_, index) => `{ name: a-rather-long-name-of-a-service-${index}, hosts: [${index}.example] }`,
    );
    await write({ "mesh.yaml": `apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nservices: [${services.join(", ")}]\n` });
    const { stdout, stderr } = await new Promise<Session>((resolve) => {
      const line = `"${process.execPath}" "${MAIN}" generate --dry-run --json | head -c 1; echo " \${PIPESTATUS[0]}"`;
      execFile("bash", ["-c", line], { cwd: folder }, (_error, stdout, stderr) => resolve({ exitCode: 0, stdout, stderr }));
    });
    expect({ stdout, stderr }).toEqual({ stdout: "{ 0\n", stderr: "" });
  });

  it.skipIf(!existsSync("/dev/full"))("says in one line that its result can not be printed", async () => {
    await write({ "mesh.yaml": MESH });
    const { stdout, stderr } = await new Promise<Session>((resolve) => {
      const line = `"${process.execPath}" "${MAIN}" generate > /dev/full; echo "$?"`;
      execFile("bash", ["-c", line], { cwd: folder }, (_error, stdout, stderr) => resolve({ exitCode: 0, stdout, stderr }));
    });
    expect({ stdout, stderr }).toEqual({ stdout: "4\n", stderr: "error: the result can not be printed (ENOSPC)\n" });
  });
});

describe("puggle init", () => {
  it("writes a mesh file that generate and explain take", async () => {
    expect(await puggle(["init"])).toEqual({
      exitCode: 0,
      stdout: `wrote mesh.yaml

Next: put your services into it, then
  puggle generate
  puggle explain http://cart.shop/ -H 'virtual-cluster-name: pr-42' --from shop/web
`,
      stderr: "",
    });
    expect(await puggle(["generate"])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await puggle(["generate", "--target", "envoy"])).toMatchObject({ exitCode: 0, stderr: "" });
    const explained = await puggle(["explain", "http://cart.shop/", "-H", "virtual-cluster-name: pr-42", "--from", "shop/web", "--json"]);
    expect(JSON.parse(explained.stdout)).toMatchObject({ outcome: "member" });
  });

  it("never overwrites", async () => {
    await write({ "staging/mesh.yaml": "mine" });
    const message = "staging/mesh.yaml exists already, and is left as it is; name another folder, or remove it first";
    expect(await puggle(["init", "staging"])).toEqual({ exitCode: 4, stdout: "", stderr: `error: ${message}\n` });
    const { exitCode, stderr } = await puggle(["init", "staging", "--json"]);
    expect({ exitCode, error: JSON.parse(stderr) }).toEqual({
      exitCode: 4,
      error: { error: { code: "file-exists", message, problems: [] } },
    });
    expect(await readFile(join(folder, "staging/mesh.yaml"), "utf8")).toBe("mine");
  });

  it("makes the folder, and says the same as JSON", async () => {
    const { stdout } = await puggle(["init", "a/b", "--json"]);
    expect(JSON.parse(stdout)).toEqual({
      file: "a/b/mesh.yaml",
      next: [
        "puggle generate -f a/b/mesh.yaml",
        "puggle explain http://cart.shop/ -f a/b/mesh.yaml -H 'virtual-cluster-name: pr-42' --from shop/web",
      ],
    });
    expect(existsSync(join(folder, "a/b/mesh.yaml"))).toBe(true);
  });
});

describe("puggle generate", () => {
  it("writes one file a resource, and then only what changed", async () => {
    await write({ "mesh.yaml": MESH });
    expect(await puggle(["generate"])).toEqual({
      exitCode: 0,
      stdout: `${GENERATED.map((path) => `+ ${path.replace("generated/", "")}\n`).join("")}generated: 6 new, 0 changed, 0 removed, 0 unchanged\n`,
      stderr: "",
    });
    expect(await listFiles("generated")).toEqual(GENERATED);

    await write({ "mesh.yaml": MESH.replaceAll("pr-42", "pr-43") });
    expect((await puggle(["generate"])).stdout).toBe(`+ istio/shop/cart/members/pr-43/deployment.yaml
+ istio/shop/cart/members/pr-43/header-stamp.yaml
~ istio/shop/cart/members-destination-rule.yaml
~ istio/shop/cart/virtual-service.yaml
- istio/shop/cart/members/pr-42/deployment.yaml
- istio/shop/cart/members/pr-42/header-stamp.yaml
generated: 2 new, 2 changed, 2 removed, 2 unchanged
`);
    expect(await listFiles("generated")).toEqual(GENERATED.map((path) => path.replace("pr-42", "pr-43")));
    expect(existsSync(join(folder, "generated/istio/shop/cart/members/pr-42"))).toBe(false);
  });

  it("checks, for CI, and says the same as JSON", async () => {
    await write({ "mesh.yaml": MESH });
    expect((await puggle(["generate", "--check"])).exitCode).toBe(1);
    expect(existsSync(join(folder, "generated"))).toBe(false);
    await puggle(["generate"]);
    expect(await puggle(["generate", "--check"])).toEqual({
      exitCode: 0,
      stdout: "generated: 0 new, 0 changed, 0 removed, 6 unchanged; up to date\n",
      stderr: "",
    });
    const file = join(folder, "generated/istio/header-boundary.yaml");
    const edited = `${await readFile(file, "utf8")}# edited\n`;
    await writeFile(file, edited);
    expect(await puggle(["generate", "--check"])).toEqual({
      exitCode: 1,
      stdout:
        "~ istio/header-boundary.yaml\ngenerated: 0 new, 1 changed, 0 removed, 5 unchanged; not up to date: run puggle generate and commit what it writes\n",
      stderr: "",
    });
    const { exitCode, stdout } = await puggle(["generate", "--check", "--json"]);
    expect({ exitCode, json: JSON.parse(stdout) }).toEqual({
      exitCode: 1,
      json: {
        target: "istio",
        folder: "generated",
        mode: "check",
        isCurrent: false,
        created: [],
        changed: ["istio/header-boundary.yaml"],
        removed: [],
        unchanged: 5,
        routing: [expect.objectContaining({ namespace: "shop", service: "cart", mode: "copy", unreached: [], hiddenBy: [] })],
        sidecar: expect.objectContaining({ clusters: expect.any(Number), megabytes: expect.any(Number) }),
        warnings: [],
      },
    });
    expect(await readFile(file, "utf8")).toBe(edited);
  });

  it("runs dry", async () => {
    await write({ "mesh.yaml": MESH });
    const { exitCode, stdout } = await puggle(["generate", "--dry-run"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/generated: 6 new, 0 changed, 0 removed, 0 unchanged \(dry run: nothing was written\)\n$/);
    expect(existsSync(join(folder, "generated"))).toBe(false);
  });

  it("leaves alone what it did not make, and refuses to write where that is in the way", async () => {
    await write({ "mesh.yaml": MESH, "generated/istio/shop/notes.yaml": "mine", "generated/other.yaml": "mine" });
    expect((await puggle(["generate"])).exitCode).toBe(0);
    const boundary = "generated/istio/header-boundary.yaml";
    await write({ [boundary]: "mine" });
    await write({ "mesh.yaml": MESH.replaceAll("pr-42", "pr-43") });
    const before = await listFiles("generated");
    expect(await puggle(["generate"])).toEqual({
      exitCode: 4,
      stdout: "",
      stderr: `error: nothing was written, since this is in the way; move it, or name another folder with -o\n  ${boundary}: a file that puggle did not make is where a generated file belongs\n`,
    });
    expect(await listFiles("generated")).toEqual(before);
    expect(await readFile(join(folder, boundary), "utf8")).toBe("mine");
  });

  it("follows no symbolic link out of its folder", async () => {
    await write({ "mesh.yaml": MESH, "elsewhere/keep": "mine" });
    await mkdir(join(folder, "generated/istio"), { recursive: true });
    await symlink(join(folder, "elsewhere"), join(folder, "generated/istio/shop"));
    const { exitCode, stderr } = await puggle(["generate"]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 4,
      stderr:
        "error: nothing was written, since this is in the way; move it, or name another folder with -o\n  generated/istio/shop: a symbolic link is where a folder belongs\n",
    });
    expect(await listFiles("elsewhere")).toEqual(["elsewhere/keep"]);
  });

  it("keeps two targets in one folder apart", async () => {
    await write({ "mesh.yaml": MESH.replaceAll("namespace: shop", "namespace: shop, ports: [{ number: 80, targetPort: 8080 }]") });
    await puggle(["generate"]);
    expect((await puggle(["generate", "--target", "envoy"])).stdout).toMatch(/generated: 4 new, 0 changed, 0 removed, 0 unchanged\n$/);
    expect((await puggle(["generate", "--check"])).exitCode).toBe(0);
  });

  it("takes members' images from the baselines' Deployments, with its own output beside them", async () => {
    const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop, labels: { app: cart } }
spec:
  selector: { matchLabels: { app: cart } }
  template:
    metadata: { labels: { app: cart, version: default } }
    spec: { containers: [{ name: cart, image: "cart:stable" }] }
`;
    await write({ "mesh.yaml": MESH.replace(', image: "cart:42"', ""), "k8s/cart.yaml": deployment });
    const { exitCode, stderr } = await puggle(["generate"]);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/^error: cart in virtual cluster pr-42: .*image/),
    });
    expect(await puggle(["generate", "--manifests", "k8s", "-o", "k8s/generated"])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await readFile(join(folder, "k8s/generated/istio/shop/cart/members/pr-42/deployment.yaml"), "utf8")).toContain("cart:stable");
    expect((await puggle(["generate", "--manifests", "k8s", "-o", "k8s/generated", "--check"])).exitCode).toBe(0);
  });

  it("may be run again and again on the folder that it writes to", async () => {
    await write({ "mesh.yaml": MESH });
    expect(await puggle(["generate", "-f", "."])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await puggle(["generate", "-f", ".", "--check"])).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("warns of virtual clusters whose time is over, and fails for none of them", async () => {
    await write({ "mesh.yaml": MESH.replace("name: pr-42", 'name: pr-42\n    expires: "2001-02-03T04:05:06Z"') });
    const warning = "the virtual cluster pr-42 expired at 2001-02-03T04:05:06Z; remove it from the mesh file, or give it a later 'expires'";
    expect(await puggle(["generate"])).toMatchObject({ exitCode: 0, stderr: `warning: ${warning}\n` });
    expect(await puggle(["generate", "--check"])).toMatchObject({ exitCode: 0, stderr: `warning: ${warning}\n` });
    const { stdout, stderr } = await puggle(["generate", "--check", "--json"]);
    expect({ stderr, warnings: JSON.parse(stdout).warnings }).toEqual({ stderr: "", warnings: [warning] });
  });

  it("prints every problem of the mesh file, and the same as JSON", async () => {
    await write({ "mesh.yaml": `${MESH}clusterDomian: a.b\nexternalHosts: [{ host: "a b" }]\n` });
    const message = `mesh.yaml:9:1: unknown key 'clusterDomian' in a mesh file; did you mean 'clusterDomain'?
mesh.yaml:10:25: 'host' is "a b", but must be a DNS name in lower case, without a port, or '*.' and such a name`;
    expect(await puggle(["generate"])).toEqual({ exitCode: 3, stdout: "", stderr: `${message}\n2 problems\n` });
    const { exitCode, stdout, stderr } = await puggle(["generate", "--json"]);
    expect({ exitCode, stdout, stderr: JSON.parse(stderr) }).toEqual({
      exitCode: 3,
      stdout: "",
      stderr: {
        error: {
          code: "invalid-mesh-file",
          message,
          problems: [
            {
              path: "mesh.yaml",
              line: 9,
              column: 1,
              code: "unknown-key",
              message: "unknown key 'clusterDomian' in a mesh file",
              fix: "did you mean 'clusterDomain'?",
            },
            {
              path: "mesh.yaml",
              line: 10,
              column: 25,
              code: "invalid-value",
              message: "'host' is \"a b\", but must be a DNS name in lower case, without a port, or '*.' and such a name",
            },
          ],
        },
      },
    });
  });

  it("colours its lines only where they are asked for", async () => {
    await write({ "mesh.yaml": MESH });
    const escapeCode = String.fromCharCode(27);
    expect((await puggle(["generate", "--dry-run"], { FORCE_COLOR: "1" })).stdout).toContain(`${escapeCode}[32m+ istio/`);
    expect((await puggle(["generate", "--dry-run"])).stdout).not.toContain(escapeCode);
    expect((await puggle(["generate", "--dry-run"], { NO_COLOR: "1" })).stdout).not.toContain(escapeCode);
  });
});

describe("puggle explain", () => {
  it("says where a request goes, and why", async () => {
    await write({ "mesh.yaml": MESH });
    const question = ["explain", "http://cart.shop/items?limit=2", "-H", "virtual-cluster-name: pr-42", "-X", "post", "--from", "web"];
    const { exitCode, stdout, stderr } = await puggle(question);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const [answer, reasons] = stdout.split("\n\n  why\n");
    expect(answer).toBe(`POST http://cart.shop/items?limit=2
  virtual-cluster-name: pr-42

  from        Deployment shop/web
  goes to     Deployment shop/cart-pr-42 (subset pr-42 of cart-members.shop.svc.cluster.local:80)
  decided by  VirtualService shop/cart, rule 1 "puggle/pr-42"
  arrives     with virtual-cluster-name: pr-42`);
    expect(reasons).toMatch(/^ {2}1\. The request carries virtual-cluster-name: pr-42\.\n {2}2\. /);
  });

  it.each<[string, readonly string[], object]>([
    ["the baseline, without the header", ["http://cart.shop/", "--from", "shop/web"], { outcome: "baseline", headerOnArrival: null }],
    [
      "the baseline, with a header that names another virtual cluster",
      ["http://cart.shop/", "-H", "virtual-cluster-name:pr-1"],
      { outcome: "baseline" },
    ],
    [
      "the member, from the member's own sidecar, which stamps the header",
      ["http://cart.shop/", "--from", "cart@pr-42"],
      { outcome: "member", headerOnArrival: "pr-42", from: { workload: { name: "cart-pr-42" } } },
    ],
    [
      "what a header does that is sent twice",
      ["http://cart.shop/", "-H", "Virtual-Cluster-Name: pr-42", "-H", "virtual-cluster-name: pr-42"],
      { request: { headers: { "virtual-cluster-name": ["pr-42", "pr-42"] } } },
    ],
    ["outside, to a host that the mesh does not know", ["http://example.org/", "--from", "web"], { outcome: "external" }],
  ])("finds %s", async (_where, args, expected) => {
    await write({ "mesh.yaml": MESH });
    const { exitCode, stdout, stderr } = await puggle(["explain", ...args, "--json"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject(expected);
  });

  it("enters by a gateway", async () => {
    await write({ "mesh.yaml": MESH.replace("name: web,", "name: web, hosts: [shop.example], gateways: [edge/public],") });
    const { stdout } = await puggle(["explain", "http://shop.example/", "--from-gateway", "edge/public", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: "baseline", from: { kind: "gateway", gateway: "edge/public" } });
  });

  it("takes manifests for what the cluster has, but not what was generated before and lies among them", async () => {
    const service =
      "apiVersion: v1\nkind: Service\nmetadata: { name: cart, namespace: shop }\nspec: { ports: [{ port: 80 }], selector: { app: cart } }\n";
    await write({ "mesh.yaml": MESH, "k8s/cart.yaml": service });
    await puggle(["generate", "-o", "k8s/generated"]);
    await write({ "mesh.yaml": "apiVersion: puggle.dev/v1alpha1\nkind: Mesh\nservices: [{ name: web, namespace: shop }]\n" });
    const question = ["explain", "http://cart.shop/", "-H", "virtual-cluster-name: pr-42", "--manifests", "k8s", "--json"];
    const { stdout } = await puggle(question);
    expect(JSON.parse(stdout)).toMatchObject({ destinations: [{ host: "cart.shop.svc.cluster.local" }], decidedBy: null });
  });

  it("explains manifests in the place of the mesh file, with the mesh file's baselines where there is one", async () => {
    await write({ "mesh.yaml": MESH });
    await puggle(["generate", "-o", "out"]);
    const question = ["explain", "http://cart.shop/", "-H", "virtual-cluster-name: pr-42", "--resources", "out", "--json"];
    expect(JSON.parse((await puggle([...question, "--from", "web"])).stdout)).toMatchObject({ outcome: "member" });
    await rm(join(folder, "out/istio/shop/cart/virtual-service.yaml"));
    for (const file of [[], ["-f", "mesh.yaml"]])
      expect(JSON.parse((await puggle([...question, ...file])).stdout)).toMatchObject({ outcome: "baseline", decidedBy: null });
    await rm(join(folder, "mesh.yaml"));
    expect(JSON.parse((await puggle(question)).stdout)).toMatchObject({ outcome: "external", decidedBy: null });
  });

  it.each<[string, readonly string[], string]>([
    ["a URL that is none", ["cart"], "cart is no URL; write it whole, such as http://cart.shop.svc.cluster.local/items"],
    [
      "a header without a colon",
      ["http://cart/", "-H", "pr-42"],
      "option '-H, --header <header>' argument 'pr-42' is invalid. write it as 'name: value'.",
    ],
    [
      "a header with a bad name",
      ["http://cart/", "-H", "a b: c"],
      "option '-H, --header <header>' argument 'a b: c' is invalid. write it as 'name: value'.",
    ],
    [
      "a caller that can not be one",
      ["http://cart/", "--from", "a/b/c"],
      "option '--from <workload>' argument 'a/b/c' is invalid. write it as [namespace/]service[@virtual-cluster].",
    ],
    ["a caller that the mesh does not have", ["http://cart/", "--from", "crat"], "the mesh has no service called crat"],
    [
      "a gateway without a namespace",
      ["http://cart/", "--from-gateway", "public"],
      "option '--from-gateway <gateway>' argument 'public' is invalid. write it as namespace/name.",
    ],
  ])("refuses %s as wrong usage", async (_what, args, message) => {
    await write({ "mesh.yaml": MESH });
    expect(await puggle(["explain", ...args])).toEqual({ exitCode: 2, stdout: "", stderr: `error: ${message}\n` });
  });
});
