import { join } from "node:path";
import type { Kernel } from "../boot/start.ts";
import type { KernelProcess } from "../channel/commands.ts";
import { until } from "./until.ts";

export const PUGGLE = join(import.meta.dirname, "../../../packages/cli/bin/puggle.js");

/** One line that `puggle net apply --json` prints. */
type HolderEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/** A spec as it is written, without its types: it is the command's to check. */
export interface WrittenSpec {
  readonly egress?: readonly object[];
  readonly ingress?: readonly object[];
  readonly pass?: object;
  readonly dns?: "pass" | "emulate";
}

export interface HolderOptions {
  /** Which network it is to hold, as in `["--netns", path]`, and what else it is told. */
  readonly target: readonly string[];
  /** Of its spec file's folder. */
  readonly name: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A `puggle net apply` that follows its file. */
export interface Holder {
  readonly process: KernelProcess;
  readonly events: () => readonly HolderEvent[];
  /** Writes another spec, and settles when it is in force. It has to differ from the one before in more than names. */
  readonly apply: (spec: WrittenSpec) => Promise<void>;
  /** Ends it as Ctrl-C does, which clears what it has made. */
  readonly end: () => Promise<void>;
}

/**
 * Starts `puggle net apply` with a spec, and settles when that is in force.
 *
 * @throws with what it said where it ends instead
 */
export async function startHolder(kernel: Kernel, { target, name, environment }: HolderOptions, spec: WrittenSpec): Promise<Holder> {
  const folder = `/run/specs/${name}`;
  const write = (text: string) => kernel.shell(`mkdir -p "$1"; cat >"$1.new"; mv "$1.new" "$1/spec.yaml"`, [folder], { input: text });
  await write(JSON.stringify(spec));
  const command = [PUGGLE, "net", "apply", "-f", `${folder}/spec.yaml`, ...target, "--json"];
  const process_ = await kernel.start(process.execPath, command, environment === undefined ? {} : { environment });
  const events = () => readEvents(process_.stdout());
  let specs = 0;
  let hasEnded = false;
  process_.ended.then(
    () => (hasEnded = true),
    () => (hasEnded = true),
  );
  const seen = async (isSo: () => boolean) => {
    await until(() => hasEnded || isSo());
    if (hasEnded) throw new Error(`puggle net apply has ended:\n${process_.stdout()}\n${process_.stderr()}`);
  };
  await seen(() => events().some(({ event }) => event === "holding"));
  return {
    process: process_,
    events,
    apply: async (next) => {
      const before = events().length;
      specs += 1;
      await write(JSON.stringify(nameRules(next, specs)));
      const news = () => events().slice(before);
      const isOfSpec = (names: unknown) => Array.isArray(names) && names.every((name) => String(name).startsWith(`spec-${specs}-`));
      await seen(() => news().some(({ event, rules }) => (event === "applied" && isOfSpec(rules)) || event === "trouble"));
      const trouble = news().find(({ event }) => event === "trouble");
      if (trouble !== undefined) throw new Error(String(trouble.message));
    },
    end: async () => {
      process_.kill("SIGINT");
      await process_.ended;
    },
  };
}

/** What is applied is told by names of rules. */
function nameRules({ egress = [], ingress = [], ...more }: WrittenSpec, spec: number): WrittenSpec {
  const named = (direction: string, rules: readonly object[]) =>
    rules.map((rule, index) => ({ name: `spec-${spec}-${direction}-${index}`, ...rule }));
  return { ...more, egress: named("egress", egress), ingress: named("ingress", ingress) };
}

function readEvents(stdout: string): readonly HolderEvent[] {
  const whole = stdout.slice(0, stdout.lastIndexOf("\n") + 1);
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line): HolderEvent => JSON.parse(line));
}
