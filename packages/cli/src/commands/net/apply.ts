import {
  Alarm,
  type Applied,
  Claim,
  CONTAINER_MARK,
  ContainerMarks,
  Engine,
  findShadowed,
  hold,
  KernelError,
  knownFeatures,
  type LeafVerdict,
  lineOf,
  type Rules,
  type Step,
  warnOf,
} from "@puggle/tc-agent";
import { CliError } from "../../cli-error.ts";
import type { CommandResult } from "../../command-result.ts";
import { EXIT_CODES } from "../../exit-code.ts";
import { whileInterruptible } from "../../interruption.ts";
import type { Terminal } from "../../terminal.ts";
import { describeRule, describeVerdicts } from "./describe.ts";
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

/** The lease is renewed three times before it runs out. */
const TURNS_A_LEASE = 3;

/** `puggle net apply`: makes a network namespace emulate what a spec says, and keeps it so. */
export async function apply(target: Target, options: ApplyOptions, terminal: Terminal): Promise<CommandResult> {
  const source = new SpecSource(options.file, target.root, options.lookUpSeconds * 1_000);
  const rules = await source.rules();
  if (source.unresolved.length > 0) {
    throw new CliError("unknown-host", EXIT_CODES.badInput, `hosts of ${options.file} have no address: ${source.unresolved.join("; ")}`);
  }
  const marks = marksOf(target, options);
  const leaseSeconds = options.forSeconds ?? options.leaseSeconds;
  const { namespace, device } = target;
  const features = await knownFeatures();
  const engine = new Engine({ namespace, device, features, leaseSeconds, ...(marks === undefined ? {} : { mark: CONTAINER_MARK }) });
  try {
    if (options.dryRun) return describePlan(rules, await engine.plan(rules), warningsOf(rules));
    return await carryOut({ target, options, terminal, source, engine, rules, marks });
  } finally {
    await engine.close();
  }
}

interface Work {
  readonly target: Target;
  readonly options: ApplyOptions;
  readonly terminal: Terminal;
  readonly source: SpecSource;
  readonly engine: Engine;
  readonly rules: Rules;
  readonly marks: ContainerMarks | undefined;
}

async function carryOut({ target, options, terminal, source, engine, rules, marks }: Work): Promise<CommandResult> {
  const stop = new AbortController();
  const cleared = Promise.withResolvers<object>();
  const claim = await Claim.make(target.namespace, async (request) => {
    if (request === "status") return engine.status();
    if (request === "verify") return { ...(await engine.status()), leaves: await verify(engine) };
    stop.abort();
    return cleared.promise;
  });
  try {
    for (const warning of warningsOf(rules)) report(terminal, options, { event: "warning", message: warning }, `warning: ${warning}\n`);
    const isMarked = (await marks?.ensure()) ?? false;
    const applied = await applyOrUnmark(engine, rules, isMarked ? marks : undefined);
    reportApplied(terminal, options, rules, applied);
    if (options.isVerified) reportVerdicts(terminal, options, await verify(engine));
    if (options.forSeconds !== undefined) {
      await engine.settled();
      return ended(
        options,
        { event: "left", seconds: options.forSeconds },
        `it stays for ${options.forSeconds} s; then packets pass untouched\n`,
      );
    }
    report(
      terminal,
      options,
      { event: "holding" },
      `held by this process: Ctrl-C clears it, and ${options.leaseSeconds} s after it is killed packets pass untouched\n`,
    );
    await whileInterruptible(async (signal) => {
      const alarm = new Alarm();
      const over = AbortSignal.any([signal, stop.signal]);
      source.watch(alarm, over);
      let current = rules;
      await hold({
        engine,
        rules: async () => {
          await marks?.ensure();
          current = await source.rules();
          return current;
        },
        everyMs: (options.leaseSeconds * 1_000) / TURNS_A_LEASE,
        alarm,
        signal: over,
        onApplied: (one) => reportApplied(terminal, options, current, one),
        onTrouble: (error) => {
          const message = error instanceof Error ? error.message : String(error);
          report(terminal, options, { event: "trouble", message }, `still as before: ${message}\n`);
        },
      });
      await engine.clear();
      await marks?.remove();
      await engine.settled();
      cleared.resolve({ cleared: true });
      // Who asked for it by a signal is told by the exit code.
      signal.throwIfAborted();
    });
    return ended(options, { event: "cleared" }, "cleared\n");
  } catch (error) {
    cleared.resolve({ cleared: false });
    if (error instanceof KernelError && error.code === "gone") {
      return ended(options, { event: "gone" }, `${target.name} is gone, and its network with it\n`);
    }
    throw error;
  } finally {
    // The file is followed no more: that alone would keep this process.
    stop.abort();
    await claim.release();
  }
}

/** What can not be put in force leaves no marks behind. */
async function applyOrUnmark(engine: Engine, rules: Rules, marks: ContainerMarks | undefined): Promise<Applied> {
  try {
    return await engine.apply(rules);
  } catch (error) {
    await marks?.remove().catch(() => undefined);
    throw error;
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

function reportApplied(terminal: Terminal, options: ApplyOptions, rules: Rules, { steps, milliseconds, pause }: Applied): void {
  const took = Math.round(milliseconds);
  const commands = steps.reduce((sum, step) => sum + step.commands.length, 0);
  const paused = pause === undefined ? [] : [`its processes stood still for ${Math.round(pause.milliseconds)} ms`];
  const unpaused =
    (pause?.unpaused.length ?? 0) === 0
      ? []
      : [`${pause?.unpaused.length} could not be paused, and may have lost what they sent in that moment`];
  const text = [...rules.rules.map(describeRule), `applied in ${[`${took} ms`, ...paused, ...unpaused].join("; ")}`];
  report(
    terminal,
    options,
    { event: "applied", milliseconds: took, commands, rules: rules.rules.map(({ name }) => name), pause },
    `${text.join("\n")}\n`,
  );
}

function reportVerdicts(terminal: Terminal, options: ApplyOptions, verdicts: Readonly<Record<string, LeafVerdict>>): void {
  report(terminal, options, { event: "verified", rules: verdicts }, `${describeVerdicts(verdicts).join("\n")}\n`);
}

async function verify(engine: Engine): Promise<Readonly<Record<string, LeafVerdict>>> {
  return Object.fromEntries(await engine.verifyLeaves());
}

function report({ out }: Terminal, { json }: ApplyOptions, event: object, text: string): void {
  out(json ? `${JSON.stringify(event)}\n` : text);
}

/** With `--json` each event is one line, and the last one is no other. */
function ended(options: ApplyOptions, event: object, text: string): CommandResult {
  return { exitCode: EXIT_CODES.good, text, json: event, isLine: options.json };
}

function describePlan(rules: Rules, steps: readonly Step[], warnings: readonly string[]): CommandResult {
  const lines = steps.flatMap((step) => [
    ...(step.kind === "attach" ? ["# while the processes of the namespace stand still"] : []),
    ...(step.kind === "retire"
      ? [`# when ${step.leaves.join(", ")} holds no packet any more, after ${Math.ceil(step.atMostMs)} ms at most`]
      : []),
    ...step.commands.map((command) => `${command.tool} ${lineOf(command)}`),
  ]);
  const text =
    steps.length === 0 ? "nothing to do: it is so already\n" : `${[...rules.rules.map(describeRule), "", ...lines].join("\n")}\n`;
  return {
    exitCode: EXIT_CODES.good,
    text,
    warnings,
    json: { rules: rules.rules, steps: steps.map((step) => ({ ...step, commands: step.commands.map(lineOf) })), warnings },
  };
}
