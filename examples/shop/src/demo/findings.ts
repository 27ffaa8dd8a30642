import { styleText } from "node:util";
import type { FoundEnvoy } from "@puggle/local-envoy";
import type { Command } from "./commands.ts";
import { formatPath } from "./path.ts";
import type { Outcome } from "./run-scenario.ts";
import { formatOutcomes, formatParts } from "./table.ts";

/** Everything that the demo found. */
export interface Findings {
  readonly envoy: FoundEnvoy;
  readonly processes: number;
  readonly seconds: number;
  readonly outcomes: readonly Outcome[];
  /** To try, where the shop goes on running. */
  readonly commands: readonly Command[];
}

const DEFAULT_WIDTH = 110;

/** The findings as a person reads them, or as JSON. */
export function formatFindings(findings: Findings, { json, width = DEFAULT_WIDTH }: { json: boolean; width?: number | undefined }): string {
  return json ? `${JSON.stringify(toJson(findings), undefined, 2)}\n` : toText(findings, width);
}

function toText({ outcomes, processes, seconds, commands }: Findings, width: number): string {
  const right = outcomes.filter(({ isRight }) => isRight).length;
  const verdict =
    right === outcomes.length
      ? styleText("green", `All ${right} rows as expected`)
      : styleText("red", `${outcomes.length - right} of ${outcomes.length} rows not as expected`);
  return [
    "",
    formatOutcomes(outcomes, width),
    formatParts(outcomes),
    `${verdict}, through ${processes} processes, in ${seconds} s.`,
    ...formatCommands(commands),
    "",
  ].join("\n");
}

function formatCommands(commands: readonly Command[]): string[] {
  if (commands.length === 0) return [];
  const lines = commands.flatMap(({ about, command }) => ["", styleText("dim", `# ${about}`), command]);
  return ["", "The shop goes on running. To try:", ...lines, "", "Ctrl-C ends it."];
}

function toJson({ envoy, processes, seconds, outcomes, commands }: Findings): object {
  return {
    isRight: outcomes.every(({ isRight }) => isRight),
    seconds,
    processes,
    envoy,
    scenarios: outcomes.map(({ scenario, observations, fault, isRight }) => ({
      name: scenario.name,
      title: scenario.title,
      isRight,
      ...(fault === undefined ? {} : { fault }),
      paths: observations.map((observation) => ({
        times: observation.times,
        isRight: observation.isRight,
        took: formatPath(observation.took),
        expected: formatPath(observation.expected),
        hops: observation.took,
        expectedHops: observation.expected,
      })),
    })),
    commands,
  };
}
