import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const README = join(import.meta.dirname, "../../../packages/propagation/README.md");

type Direction = "in" | "out";

/** The table of a direction as it stands in the README. */
export function readTable(direction: Direction): string {
  return split(direction)[1].trim();
}

/** Puts a table in place of the README's. */
export function writeTable(direction: Direction, table: string): void {
  const [before, , after] = split(direction);
  writeFileSync(README, `${before}\n${table.trim()}\n\n${after}`);
}

function split(direction: Direction): readonly [before: string, table: string, after: string] {
  const text = readFileSync(README, "utf8");
  const [begin, end] = [`<!-- matrix ${direction}: begin -->\n`, `<!-- matrix ${direction}: end -->`];
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end, from);
  if (from < begin.length || to === -1) throw new Error(`${README} has no ${begin.trim()} and ${end}`);
  return [text.slice(0, from), text.slice(from, to), text.slice(to)];
}
