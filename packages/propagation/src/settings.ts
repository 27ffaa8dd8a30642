import { PropagationError } from "./errors.ts";
import { createJudge, type TargetJudge } from "./targets/judge.ts";
import { compileTargets, defaultTargets } from "./targets/pattern.ts";

/** What `register()` takes. Everything has a default. */
export interface RegisterOptions {
  /**
   * The hosts that may receive the header: hosts, `*.suffixes`, addresses, CIDR ranges, `<local>` for names of a single label,
   * and `<default>` for {@link defaultTargets}. Others never receive it from this library. Default: `PUGGLE_TARGETS` (separated
   * by commas), or {@link defaultTargets}.
   */
  readonly targets?: readonly string[];
  /**
   * Take the name from inbound requests of `node:http` and `node:https` servers. `false` for services that use the Express
   * middleware. Default: `true`.
   */
  readonly inbound?: boolean;
  /** Write the header on outbound requests of `node:http`, `node:https`, undici and `fetch`. Default: `true`. */
  readonly outbound?: boolean;
  /**
   * Read the entry `virtual-cluster-name` of an inbound `baggage` header where the header itself is absent, and make outbound
   * baggage that has this entry agree with the header. Default: `true`.
   */
  readonly baggage?: boolean;
}

/** What is in force, for all copies of the library in the process. */
export interface Settings {
  readonly targets: readonly string[];
  readonly isTarget: TargetJudge;
  readonly inbound: boolean;
  readonly outbound: boolean;
  readonly baggage: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Puts options over what is in force, over the environment, over the defaults.
 *
 * @throws {@link PropagationError} `PUGGLE_INVALID_OPTION` or `PUGGLE_INVALID_TARGET`. A fault in the environment is only
 * warned of, once: a service starts whatever it says.
 */
export function mergeSettings(options: RegisterOptions, inForce: Settings | undefined, environment: Environment): Settings {
  checkOptions(options);
  const targets = options.targets ?? inForce?.targets ?? readTargets(environment.PUGGLE_TARGETS);
  const isTarget = targets === inForce?.targets ? inForce.isTarget : createJudge(compileTargets(targets));
  return Object.freeze({
    targets: Object.freeze([...targets]),
    isTarget,
    inbound: options.inbound ?? inForce?.inbound ?? true,
    outbound: options.outbound ?? inForce?.outbound ?? true,
    baggage: options.baggage ?? inForce?.baggage ?? true,
  });
}

/** Is the kill switch set? `PUGGLE_PROPAGATION=off` leaves the service as if the library were not there. */
export function isSwitchedOff(environment: Environment): boolean {
  const value = environment.PUGGLE_PROPAGATION?.trim().toLowerCase() ?? "";
  if (value === "off") return true;
  if (value !== "" && value !== "on") warn("PUGGLE_PROPAGATION", `"${value}" is neither "on" nor "off"; propagation stays on`);
  return false;
}

function checkOptions(options: RegisterOptions): void {
  if (typeof options !== "object" || options === null) throw invalid("options", "an object", options);
  const known = ["targets", "inbound", "outbound", "baggage"];
  for (const [key, value] of Object.entries(options)) {
    if (!known.includes(key))
      throw new PropagationError("PUGGLE_INVALID_OPTION", `register() has no option "${key}"; it has ${known.join(", ")}`);
    if (value === undefined) continue;
    if (key !== "targets" && typeof value !== "boolean") throw invalid(key, "true or false", value);
    if (key === "targets" && !(Array.isArray(value) && value.every((each) => typeof each === "string")))
      throw invalid(key, "an array of strings", value);
  }
}

function readTargets(text: string | undefined): readonly string[] {
  const patterns = (text ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  if (patterns.length === 0) return defaultTargets;
  try {
    compileTargets(patterns);
    return patterns;
  } catch (error) {
    warn("PUGGLE_TARGETS", `${error instanceof Error ? error.message : error}; the default targets are in force`);
    return defaultTargets;
  }
}

const warned = new Set<string>();

function warn(variable: "PUGGLE_PROPAGATION" | "PUGGLE_TARGETS", text: string): void {
  if (warned.has(variable)) return;
  warned.add(variable);
  process.emitWarning(`${variable}: ${text}`, { type: "PuggleWarning", code: "PUGGLE_INVALID_ENVIRONMENT" });
}

function invalid(what: string, wanted: string, value: unknown): PropagationError {
  return new PropagationError(
    "PUGGLE_INVALID_OPTION",
    `register(): "${what}" is to be ${wanted}, and is ${value === null ? "null" : typeof value}`,
  );
}
