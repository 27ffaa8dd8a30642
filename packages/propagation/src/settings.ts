import { type BaggageUse, readBaggageUse, readName, readPollers, readReportLost, readTargets } from "./environment.ts";
import { describeValue, PropagationError } from "./errors.ts";
import { compilePollers, type PollerJudge } from "./lost/pollers.ts";
import { findNameFault } from "./names.ts";
import { createJudge, type TargetJudge } from "./targets/judge.ts";
import { compileTargets } from "./targets/pattern.ts";

/** What `register()` takes. Everything has a default. */
export interface RegisterOptions {
  /**
   * The hosts that may receive the header: hosts, `*.suffixes`, addresses, CIDR ranges, `<local>` for names of a single label,
   * and `<default>` for {@link defaultTargets}. Others never receive it from this library. Default: `PUGGLE_TARGETS` (separated
   * by commas), or {@link defaultTargets}.
   */
  readonly targets?: readonly string[];
  /**
   * Take the name from inbound requests of `node:http`, `node:https` and `node:http2` servers, gRPC's among them. `false` for services
   * that use a framework's middleware. Default: `true`.
   */
  readonly inbound?: boolean;
  /** Write the header on outbound requests of `node:http`, `node:https`, `node:http2`, undici, `fetch` and gRPC. Default: `true`. */
  readonly outbound?: boolean;
  /**
   * `true`: read the entry `virtual-cluster-name` of an inbound `baggage` header where the header itself is absent, and make outbound
   * baggage that has this entry agree with the header. `"write"`: also add the entry to outbound baggage, so that services that only run
   * OpenTelemetry carry it on. Default: `PUGGLE_BAGGAGE` (`on`, `off` or `write`), or `true`.
   */
  readonly baggage?: boolean | "write";
  /**
   * The virtual cluster that this process belongs to: its name counts wherever no request gives one. Default: `VIRTUAL_CLUSTER_NAME`,
   * which a member's pod has, or none.
   */
  readonly virtualCluster?: string;
  /**
   * Warn, now and then and with a stack, of calls to targets that have lost their request's scope. They are counted in any case.
   * Default: `PUGGLE_REPORT_LOST` (`on` or `off`), or `true`.
   */
  readonly reportLost?: boolean;
  /**
   * Calls that no request causes, and that count as lost for nobody: hosts as in `targets`, or `stack:<text>` for calls whose stack
   * has this text. Default: `PUGGLE_POLLERS` (separated by commas), or none.
   */
  readonly pollers?: readonly string[];
}

/** What is in force, for all copies of the library in the process. */
export interface Settings {
  readonly targets: readonly string[];
  readonly isTarget: TargetJudge;
  readonly inbound: boolean;
  readonly outbound: boolean;
  readonly baggage: boolean;
  readonly writesBaggage: boolean;
  readonly virtualCluster: string | undefined;
  readonly reportLost: boolean;
  readonly pollers: readonly string[];
  readonly isPoller: PollerJudge | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Puts options over what is in force, over the environment, over the defaults.
 *
 * @throws {@link PropagationError} `PUGGLE_INVALID_OPTION`, `PUGGLE_INVALID_NAME` or `PUGGLE_INVALID_TARGET`. A fault in the environment
 * is only warned of, once: a service starts whatever it says.
 */
export function mergeSettings(given: RegisterOptions, inForce: Settings | undefined, environment: Environment): Settings {
  checkOptions(given);
  const options = { ...given };
  const targets = options.targets ?? inForce?.targets ?? readTargets(environment);
  const isTarget = targets === inForce?.targets ? inForce.isTarget : createJudge(compileTargets(targets));
  const pollers = options.pollers ?? inForce?.pollers ?? readPollers(environment);
  const isPoller = pollers === inForce?.pollers ? inForce.isPoller : compilePollers(pollers);
  const { reads, writes } = baggageUse(options.baggage) ?? (inForce && useInForce(inForce)) ?? readBaggageUse(environment);
  return Object.freeze({
    targets: Object.freeze([...targets]),
    isTarget,
    inbound: options.inbound ?? inForce?.inbound ?? true,
    outbound: options.outbound ?? inForce?.outbound ?? true,
    baggage: reads,
    writesBaggage: writes,
    virtualCluster: options.virtualCluster ?? (inForce === undefined ? readName(environment) : inForce.virtualCluster),
    reportLost: options.reportLost ?? inForce?.reportLost ?? readReportLost(environment),
    pollers: Object.freeze([...pollers]),
    isPoller,
  });
}

function baggageUse(option: RegisterOptions["baggage"]): BaggageUse | undefined {
  return option === undefined ? undefined : { reads: option !== false, writes: option === "write" };
}

function useInForce({ baggage, writesBaggage }: Settings): BaggageUse {
  return { reads: baggage, writes: writesBaggage };
}

type Check = (value: unknown) => boolean;

const isBoolean: Check = (value) => typeof value === "boolean";
const isStrings: Check = (value) => Array.isArray(value) && value.every((each) => typeof each === "string");

const OPTIONS: Readonly<Record<keyof RegisterOptions, readonly [wanted: string, check: Check]>> = {
  targets: ["an array of strings", isStrings],
  inbound: ["true or false", isBoolean],
  outbound: ["true or false", isBoolean],
  baggage: ['true, false or "write"', (value) => isBoolean(value) || value === "write"],
  virtualCluster: ["a string", (value) => typeof value === "string"],
  reportLost: ["true or false", isBoolean],
  pollers: ["an array of strings", isStrings],
};

function checkOptions(options: RegisterOptions): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw invalid("options", "an object", `is ${describeValue(options)}`);
  for (const [key, value] of Object.entries(options)) {
    const option = Object.hasOwn(OPTIONS, key) ? OPTIONS[key as keyof RegisterOptions] : undefined;
    if (option === undefined) {
      const known = Object.keys(OPTIONS).join(", ");
      throw new PropagationError("PUGGLE_INVALID_OPTION", `register() has no option "${key}"; it has ${known}`);
    }
    const [wanted, check] = option;
    if (value !== undefined && !check(value)) throw invalid(key, wanted, describeFault(check, value));
  }
  const fault = options.virtualCluster === undefined ? undefined : findNameFault(options.virtualCluster);
  if (fault !== undefined) {
    const message = `register(): "virtualCluster" is ${JSON.stringify(options.virtualCluster)}, which is no virtual cluster's name (${fault})`;
    throw new PropagationError("PUGGLE_INVALID_NAME", message);
  }
}

/** Names the entry at fault, where a list is asked for and given. */
function describeFault(check: Check, value: unknown): string {
  if (check !== isStrings || !Array.isArray(value)) return `is ${describeValue(value)}`;
  const wrong = value.findIndex((each) => typeof each !== "string");
  return `its entry ${wrong + 1} is ${describeValue(value[wrong])}`;
}

function invalid(what: string, wanted: string, fault: string): PropagationError {
  return new PropagationError("PUGGLE_INVALID_OPTION", `register(): "${what}" is to be ${wanted}, and ${fault}`);
}
