import {
  CONTAINER_MARK,
  ContainerMarks,
  Engine,
  type Features,
  findShadowed,
  knownFeatures,
  leaseLines,
  lineOf,
  type Plan,
  type Rules,
  warnOf,
} from "@puggle/tc-agent";
import { CliError } from "../../cli-error.ts";
import type { CommandResult } from "../../command-result.ts";
import { EXIT_CODES } from "../../exit-code.ts";
import type { Terminal } from "../../terminal.ts";
import { carryOut } from "./carry-out.ts";
import { describeRule } from "./describe.ts";
import { followRestarts } from "./follow-restarts.ts";
import { lookUpAs } from "./look-up-as.ts";
import { Reports } from "./reports.ts";
import { SpecSource } from "./spec-source.ts";
import type { Target } from "./target.ts";

export interface ApplyOptions {
  readonly file: string;
  /** Of the named container's packets alone? */
  readonly isForContainer: boolean;
  /** For how long, in seconds, without a process that holds it; held by this one where left out. */
  readonly forSeconds?: number;
  readonly leaseSeconds: number;
  /** So often hosts are looked up again, in seconds. */
  readonly lookUpSeconds: number;
  readonly dryRun: boolean;
  /** Are packets of our own to be sent through it? */
  readonly isVerified: boolean;
  readonly json: boolean;
}

/** `puggle net apply`: makes a network namespace emulate what a spec says, and keeps it so. */
export async function apply(target: Target, options: ApplyOptions, terminal: Terminal): Promise<CommandResult> {
  const source = new SpecSource({ path: options.file, lookUp: lookUpAs(target.process), lookUpEveryMs: options.lookUpSeconds * 1_000 });
  let rules = await source.rules();
  if (source.unresolved.length > 0) {
    throw new CliError("unknown-host", EXIT_CODES.badInput, `hosts of ${options.file} have no address: ${source.unresolved.join("; ")}`);
  }
  const reports = new Reports(terminal, options.json);
  if (!options.dryRun) for (const warning of warningsOf(rules)) reports.warning(warning);
  const features = await knownFeatures();
  const act = async (found: Target) => {
    // The file may say something else by now, or something wrong.
    if (found !== target) rules = await source.rules().catch(() => rules);
    return applyTo(found, { rules, source, features, reports, options });
  };
  return followRestarts(target, act, reports);
}

interface Asked {
  /** To begin with: the source may say others soon. */
  readonly rules: Rules;
  readonly source: SpecSource;
  readonly features: Features;
  readonly reports: Reports;
  readonly options: ApplyOptions;
}

async function applyTo(target: Target, { rules, source, features, reports, options }: Asked): Promise<CommandResult> {
  const { forSeconds, isVerified } = options;
  const leaseSeconds = forSeconds ?? options.leaseSeconds;
  const { namespace, device } = target;
  const marks = marksOf(target, options);
  const mark = marks === undefined ? {} : { mark: CONTAINER_MARK };
  const engine = new Engine({ namespace, device, features, leaseSeconds, ...mark });
  try {
    if (options.dryRun) return describePlan(rules, await engine.plan(rules), leaseLines(device, leaseSeconds));
    return await carryOut({ target, engine, marks, source, rules, reports, isVerified, forSeconds, leaseSeconds });
  } finally {
    await engine.close();
  }
}

function marksOf({ namespace, cgroup, name }: Target, { isForContainer }: ApplyOptions): ContainerMarks | undefined {
  if (!isForContainer) return undefined;
  if (cgroup === undefined) {
    throw new CliError(
      "usage",
      EXIT_CODES.usage,
      `--only-container needs a --container that has a control group of version 2; ${name} has none`,
    );
  }
  return new ContainerMarks(namespace, cgroup);
}

function warningsOf(rules: Rules): readonly string[] {
  const shadowed = findShadowed(rules).map(({ rule, by, match }) =>
    match === undefined
      ? `rule ${rule} is never obeyed: ${by.join(", ")} takes all its packets`
      : `a part of rule ${rule} is never obeyed: ${by.join(", ")} takes its packets`,
  );
  return [...warnOf(rules).map(({ message }) => message), ...shadowed];
}

function describePlan(rules: Rules, { tree, steps }: Plan, lease: readonly string[]): CommandResult {
  const warnings = warningsOf(rules);
  const lines = steps.flatMap((step) => [
    ...(step.kind === "attach" ? ["# while the processes of the namespace stand still"] : []),
    ...(step.kind === "retire"
      ? [`# when ${step.leaves.join(", ")} holds no packet any more, after ${Math.ceil(step.atMostMs)} ms at most`]
      : []),
    ...step.commands.map((command) => `${command.tool} ${lineOf(command)}`),
  ]);
  const leased = ["# the lease, which is renewed as long as a process holds it", ...lease.map((line) => `ipset ${line}`)];
  const commands = steps.length === 0 ? ["nothing to do: it is so already"] : [...leased, ...lines];
  const text = `${[...rules.rules.map(describeRule), "", ...tree, "", ...commands].join("\n")}\n`;
  return {
    exitCode: EXIT_CODES.good,
    text,
    warnings,
    json: { rules: rules.rules, tree, steps: steps.map((step) => ({ ...step, commands: step.commands.map(lineOf) })), warnings },
  };
}
