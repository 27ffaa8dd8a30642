import { readFileSync } from "node:fs";
import { EnvoyStartError } from "./errors.ts";

const CONFIG_FAULT = /error `([^`]*)` initializing config/;
const PORT_TAKEN = /cannot bind '([^']+)': Address already in use/;

/** The last lines of a log, without empty ones; empty where there is no log. */
export function readLogTail(path: string, lines = 25): string {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}

/** Says why an Envoy ended before it listened, in Envoy's own words. */
export function explainExit(name: string, exitCode: number, logPath: string): EnvoyStartError {
  const tail = readLogTail(logPath);
  const taken = PORT_TAKEN.exec(tail)?.[1];
  if (taken !== undefined)
    return new EnvoyStartError("ENVOY_PORT_TAKEN", `Envoy '${name}' cannot listen on ${taken}: the port is taken.`, logPath);
  const fault = CONFIG_FAULT.exec(tail)?.[1];
  if (fault !== undefined) {
    return new EnvoyStartError(
      "ENVOY_CONFIG_REJECTED",
      `Envoy '${name}' refuses its configuration: ${tidy(fault)}\nIts whole log is in ${logPath}.`,
      logPath,
    );
  }
  return new EnvoyStartError(
    "ENVOY_EXITED",
    `Envoy '${name}' ended with exit code ${exitCode}. The end of its log (${logPath}):\n${tail}`,
    logPath,
  );
}

function tidy(fault: string): string {
  return fault.replaceAll(/\s+/g, " ").trim();
}
