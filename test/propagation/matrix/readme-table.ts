import type { WayResult } from "./cells.ts";

/** What became of the ways of one direction, by the version of Node.js that ran. */
export type Matrix = ReadonlyMap<string, readonly WayResult[]>;

const GREEN = "✓";
const ABSENT = "–";
const RED = "✗";

/**
 * Makes a Markdown table: a row for each way, with all versions that keep the same checks, a column for each Node.js, and below it a note for
 * each cell that is not green, and for each check that does not exist for a way.
 */
export function makeTable(direction: WayResult["direction"], matrix: Matrix): string {
  const nodes = [...matrix.keys()];
  const notes = new Notes();
  const rows = groupRows(matrix).map((row) => {
    const cells = nodes.map((node) =>
      cellOf(
        row.filter((each) => each.node === node).map(({ result }) => result),
        notes,
      ),
    );
    const { way, cannot } = row[0].result;
    const versions = [...new Set(row.map(({ result }) => result.version ?? "built in"))].join(", ");
    return [`${code(way)}${notes.mark(excusesOf(cannot))}`, versions, ...cells];
  });
  const head = [`way ${direction}`, "version", ...nodes.map((node) => `Node ${node}`)];
  const rule = head.map((_, index) => (index < 2 ? "---" : ":-:"));
  return `${[head, rule, ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("")}\n${notes.list()}`;
}

interface Placed {
  readonly node: string;
  readonly result: WayResult;
}
type Row = readonly [Placed, ...Placed[]];

/** Versions of a way that have the same checks share a row. */
function groupRows(matrix: Matrix): readonly Row[] {
  const rows = new Map<string, [Placed, ...Placed[]]>();
  for (const [node, results] of matrix) {
    for (const result of results) {
      const key = JSON.stringify([result.way, excusesOf(result.cannot)]);
      const row = rows.get(key);
      if (row === undefined) rows.set(key, [{ node, result }]);
      else row.push({ node, result });
    }
  }
  return [...rows.values()];
}

function cellOf(results: readonly WayResult[], notes: Notes): string {
  const isGreen = results.some(({ cell }) => cell.is === "green");
  const isRed = results.some(({ cell }) => cell.is === "red");
  const reasons = results.flatMap(({ version, cell }) => {
    const which = version === undefined || results.length === 1 ? "" : `${version} `;
    if (cell.is === "absent") return [`${which}${cell.why}`];
    return cell.is === "red" ? [`${which}fails: ${Object.keys(cell.faults).join(", ")}`] : [];
  });
  return (isRed ? RED : isGreen ? GREEN : ABSENT) + notes.mark(reasons);
}

/** The checks that do not exist for a way, those with one reason together. */
function excusesOf(cannot: WayResult["cannot"]): string[] {
  const byReason = Map.groupBy(Object.entries(cannot), ([, reason]) => reason);
  return [...byReason].map(([reason, checks]) => `${checks.map(([check]) => check).join(", ")}: ${reason}`);
}

/** Notes below a table, each once, numbered as they come. */
class Notes {
  readonly #texts: string[] = [];

  mark(texts: readonly string[]): string {
    const numbers = texts.map((text) => {
      if (!this.#texts.includes(text)) this.#texts.push(text);
      return this.#texts.indexOf(text) + 1;
    });
    return numbers.length === 0 ? "" : ` <sup>${numbers.sort((a, b) => a - b).join(" ")}</sup>`;
  }

  list(): string {
    return this.#texts.map((text, index) => `${index + 1}. ${text}\n`).join("");
  }
}

/** Names of modules and functions read as code. */
function code(way: string): string {
  return way.replace(/^(?:node:\w+(?: (?:request|get))?\b|(?:fetch|WebSocket)$)/, "`$&`");
}
