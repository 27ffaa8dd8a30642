import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { userCacheFolder } from "@puggle/local-envoy";
import { makeOnce } from "../../machine/make-once.ts";

/** Each with the Go module beside this file that pins it, and its package. */
const TOOLS = {
  "kube-apiserver": { module: "kube", from: "k8s.io/kubernetes/cmd/kube-apiserver" },
  "kube-controller-manager": { module: "kube", from: "k8s.io/kubernetes/cmd/kube-controller-manager" },
  "pilot-discovery": { module: "istio", from: "istio.io/istio/pilot/cmd/pilot-discovery" },
  istioctl: { module: "istio", from: "istio.io/istio/istioctl/cmd/istioctl" },
} as const;

type Tool = keyof typeof TOOLS;
const TOOL_NAMES = Object.keys(TOOLS) as Tool[];

/** Istio's custom resource definitions, as they come with its source. */
const CRDS = { module: "istio", source: "istio.io/istio", file: "manifests/charts/base/files/crd-all.gen.yaml" };

/** Where the programs of the cluster are. */
export interface Tools {
  readonly binaries: Readonly<Record<Tool, string>>;
  readonly istioCrdsPath: string;
}

const run = promisify(execFile);

/**
 * Finds the programs that are built from Go modules: in the user's cache folder, by the content of the modules that pin them, else it builds them there,
 * which takes some ten minutes the first time.
 *
 * @throws where `go` is missing or the build fails, with what it said.
 */
export async function buildTools(onProgress: (message: string) => void): Promise<Tools> {
  const folders = { kube: await cacheFolder("kube"), istio: await cacheFolder("istio") };
  const binaries = {} as Record<Tool, string>;
  for (const tool of TOOL_NAMES) {
    const { module, from } = TOOLS[tool];
    binaries[tool] = join(folders[module], tool);
    await makeOnce(binaries[tool], async (staged) => {
      onProgress(`building ${tool} from ${from}; this takes minutes, once`);
      await goBuild(module, from, staged);
    });
  }
  const istioCrdsPath = join(folders.istio, "crds.yaml");
  await makeOnce(istioCrdsPath, async (staged) => {
    const { stdout } = await run("go", ["list", "-m", "-f", "{{.Dir}}", CRDS.source], { cwd: moduleFolder(CRDS.module) });
    await copyFile(join(stdout.trim(), CRDS.file), staged);
  });
  return { binaries, istioCrdsPath };
}

function moduleFolder(module: string): string {
  return join(import.meta.dirname, module);
}

async function cacheFolder(module: string): Promise<string> {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum"]) hash.update(await readFile(join(moduleFolder(module), file)));
  return join(userCacheFolder(), "go-tools", `${module}-${hash.digest("hex").slice(0, 12)}`);
}

function goBuild(module: string, from: string, output: string): Promise<void> {
  const build = spawn("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", output, from], {
    cwd: moduleFolder(module),
    // CGO makes no difference to them but that it asks for a C compiler.
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  build.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4_000);
  });
  return new Promise((resolve, reject) => {
    build.once("error", reject);
    build.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`go build ${from} failed (exit code ${code}):\n${said}`))));
  });
}
