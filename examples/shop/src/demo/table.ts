import { stripVTControlCharacters, styleText } from "node:util";
import Table from "cli-table3";
import { formatPath, type Hop } from "./path.ts";
import type { Observation, Outcome } from "./run-scenario.ts";

type Colour = (at: string) => string;

const MEMBER_STYLES = ["cyan", "magenta", "blue", "yellow"] as const;
const NUMBER_WIDTH = 4;
const MARK_WIDTH = 3;
const BORDERS = 5;
const PADDING = 2;
const LABEL_WIDTH = 10;
/** As long as the longest path of the shop. */
const COMFORTABLE_WAY = 67;

/** The outcomes as a table: what was asked, the way that it took, and whether that is the expected one. */
export function formatOutcomes(outcomes: readonly Outcome[], terminalWidth: number): string {
  const room = terminalWidth - NUMBER_WIDTH - MARK_WIDTH - BORDERS;
  const asked = clamp(room - COMFORTABLE_WAY, 20, 40);
  const way = clamp(room - asked, 40, 80);
  const table = new Table({
    head: ["", "What was asked", "The way that it took", ""].map((title) => styleText("bold", title)),
    colWidths: [NUMBER_WIDTH, asked, way, MARK_WIDTH],
    wordWrap: true,
    // Its own colours are put in whatever the terminal: styleText looks first.
    style: { head: [], border: [] },
  });
  const colour = memberColours(outcomes);
  for (const [index, outcome] of outcomes.entries()) {
    const mark = outcome.isRight ? styleText("green", "✔") : styleText("red", "✘");
    const request = describeRequest(outcome).map((line) => styleText("dim", line));
    table.push([index + 1, [outcome.scenario.title, ...request].join("\n"), describeOutcome(outcome, colour, way - PADDING), mark]);
  }
  return table.toString();
}

/** Which service is made of what, as they answered themselves. */
export function formatParts(outcomes: readonly Outcome[]): string {
  const made = hopsOf(outcomes).filter(({ madeOf }) => !madeOf.startsWith("cron"));
  const parts = new Map(made.map(({ at, madeOf }) => [serviceOf(at), madeOf]));
  return [...parts].map(([service, madeOf]) => `${service} ${styleText("dim", `(${madeOf})`)}`).join("  ");
}

function describeRequest({ scenario }: Outcome): string[] {
  if (scenario.kind === "cron") return ["no request: looked at afterwards"];
  if (scenario.kind === "interleaved") return [`${scenario.times} × ${scenario.journeys.length} requests`];
  const { method = "GET", path, headers = {} } = scenario.ask;
  return [`${method} ${path}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
}

function describeOutcome({ observations, fault, scenario }: Outcome, colour: Colour, width: number): string {
  const isCounted = scenario.kind === "interleaved";
  const field = (label: string, text: string, style: (line: string) => string = (line) => line) =>
    wrap(text, width - LABEL_WIDTH).map((line, index) => style((index === 0 ? label : "").padEnd(LABEL_WIDTH) + line));
  const red = (line: string) => styleText("red", line);
  const wanted = (expected: readonly Hop[]) => [
    ...field("expected", formatPath(expected), red),
    ...field("", describeHeaders(expected), red),
  ];
  if (fault !== undefined) return [...field("no answer", fault, red), ...(isCounted ? [] : wanted(scenario.expected))].join("\n");
  const describe = ({ took, expected, times, isRight }: Observation) => {
    const received = took.at(-1)?.received;
    return [
      ...field(isCounted ? `${times} ×` : "took", took.map(({ at }) => colour(at)).join(" → ")),
      ...(isCounted ? [] : field("header", describeHeaders(took))),
      ...(received === undefined ? [] : field("arrived", Object.keys(received).join(", "))),
      ...(isRight ? [] : wanted(expected)),
    ];
  };
  return observations.flatMap(describe).join("\n");
}

/** `pr-42 all the way`, or which where. */
function describeHeaders(hops: readonly Hop[]): string {
  const groups = [...Map.groupBy(hops, ({ header }) => (header?.includes(",") ? `"${header}"` : (header ?? "none")))];
  const [first] = groups;
  if (groups.length === 1 && first !== undefined) return `${first[0]} all the way`;
  return groups.map(([header, group]) => `${header} at ${group.map(({ at }) => serviceOf(at)).join(", ")}`).join("; ");
}

/** Each virtual cluster has a colour of its own. */
function memberColours(outcomes: readonly Outcome[]): Colour {
  const names = [...new Set(hopsOf(outcomes).flatMap(({ at }) => at.split("@").slice(1)))];
  return (at) => {
    const style = MEMBER_STYLES[names.indexOf(at.split("@")[1] ?? "") % MEMBER_STYLES.length];
    return style === undefined ? at : styleText(style, at);
  };
}

/** Breaks at spaces; colours take no room. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length === 0 || stripVTControlCharacters(longer).length > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function hopsOf(outcomes: readonly Outcome[]) {
  return outcomes.flatMap(({ observations }) => observations.flatMap(({ took }) => took));
}

function serviceOf(at: string): string {
  return at.split("@")[0] ?? at;
}

function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(highest, Math.max(lowest, value));
}
