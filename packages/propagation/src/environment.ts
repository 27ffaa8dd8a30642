import { compilePollers } from "./lost/pollers.ts";
import { findNameFault } from "./names.ts";
import { compileTargets, defaultTargets } from "./targets/pattern.ts";

/** The variables that this library reads. Whatever they say, a service starts: a fault is one warning, and the default is in force. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What is done with baggage beside the header. */
export interface BaggageUse {
  readonly reads: boolean;
  readonly writes: boolean;
}

type Variable =
  | "PUGGLE_BAGGAGE"
  | "PUGGLE_POLLERS"
  | "PUGGLE_PROPAGATION"
  | "PUGGLE_REPORT_LOST"
  | "PUGGLE_TARGETS"
  | "VIRTUAL_CLUSTER_NAME";

/** Who switches something off in a hurry may use any of the words for it. */
const SWITCH = ["on", "off", "false", "0"];

/** Is the kill switch set? `PUGGLE_PROPAGATION=off` leaves the service as if the library were not there. */
export function isSwitchedOff(environment: Environment): boolean {
  const word = readWord(environment, "PUGGLE_PROPAGATION", SWITCH);
  return word === "off" || word === "false" || word === "0";
}

/** Is `PUGGLE_PROPAGATION=on` said in so many words? Then the library is active in build tools too. */
export function isSwitchedOn(environment: Environment): boolean {
  return readWord(environment, "PUGGLE_PROPAGATION", SWITCH) === "on";
}

/** The virtual cluster of this process. */
export function readName(environment: Environment): string | undefined {
  const name = environment.VIRTUAL_CLUSTER_NAME?.trim() ?? "";
  if (name === "") return undefined;
  const fault = findNameFault(name);
  if (fault === undefined) return name;
  warn("VIRTUAL_CLUSTER_NAME", `"${name}" is no virtual cluster's name (${fault}); this process belongs to none`);
  return undefined;
}

export function readTargets(environment: Environment): readonly string[] {
  return readList(environment, "PUGGLE_TARGETS", compileTargets, "the default targets are in force") ?? defaultTargets;
}

export function readPollers(environment: Environment): readonly string[] {
  return readList(environment, "PUGGLE_POLLERS", compilePollers, "no poller is known") ?? [];
}

export function readBaggageUse(environment: Environment): BaggageUse {
  const word = readWord(environment, "PUGGLE_BAGGAGE", ["on", "off", "write"]);
  return { reads: word !== "off", writes: word === "write" };
}

export function readReportLost(environment: Environment): boolean {
  return readWord(environment, "PUGGLE_REPORT_LOST", ["on", "off"]) !== "off";
}

function readWord(environment: Environment, variable: Variable, words: readonly string[]): string | undefined {
  const value = environment[variable]?.trim().toLowerCase() ?? "";
  if (value === "" || words.includes(value)) return value;
  warn(variable, `"${value}" is none of ${words.join(", ")}; the default is in force`);
  return undefined;
}

function readList(
  environment: Environment,
  variable: Variable,
  check: (patterns: readonly string[]) => unknown,
  otherwise: string,
): readonly string[] | undefined {
  const patterns = (environment[variable] ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  if (patterns.length === 0) return undefined;
  try {
    check(patterns);
    return patterns;
  } catch (error) {
    warn(variable, `${error instanceof Error ? error.message : error}; ${otherwise}`);
    return undefined;
  }
}

const warned = new Set<Variable>();

function warn(variable: Variable, text: string): void {
  if (warned.has(variable)) return;
  warned.add(variable);
  process.emitWarning(`${variable}: ${text}`, { type: "PuggleWarning", code: "PUGGLE_INVALID_ENVIRONMENT" });
}
