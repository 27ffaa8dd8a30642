import { execFile } from "node:child_process";

/** What a file answered when it was asked for its Envoy version: the version, or why there is none. */
export type VersionAnswer = { readonly version: string } | { readonly version?: undefined; readonly fault: string };

// envoy  version: <commit>/<version>/Clean/RELEASE/BoringSSL
const VERSION_LINE = /envoy\s+version: [0-9a-f]+\/(\d+\.\d+\.\d+[^/\s]*)\//;

/** Runs `<path> --version` and reads the answer; never rejects. */
export async function readEnvoyVersion(path: string): Promise<VersionAnswer> {
  return await new Promise<VersionAnswer>((resolve) => {
    execFile(path, ["--version"], { timeout: 20_000, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      const version = VERSION_LINE.exec(stdout)?.[1];
      if (error === null && version !== undefined) return resolve({ version });
      resolve({ fault: describeFault(path, error, stdout || stderr) });
    });
    // Some errors of the operating system, such as a file where a folder belongs, are not handed to the callback but thrown.
  }).catch((error: Error) => ({ fault: describeFault(path, error, "") }));
}

function describeFault(path: string, error: Error | null, output: string): string {
  const code = error !== null && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file";
  if (code === "EACCES") return "it is not an executable file";
  const firstLine = output.trim().split("\n", 1)[0] ?? "";
  if (error === null) return `\`${path} --version\` answered '${firstLine}', which is not what Envoy answers`;
  return `\`${path} --version\` failed${firstLine === "" ? ` (${code ?? error.message})` : `: ${firstLine}`}`;
}
