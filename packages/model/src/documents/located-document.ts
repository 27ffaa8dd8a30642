import type { LineCounter } from "yaml";
import type { Place } from "./problem.ts";

/** Where a value stands in the text, as offsets; the same shape as the value. */
export interface LocatedNode {
  readonly start: number;
  /** Where the value's own key stands, for an entry of a map. */
  readonly keyStart?: number;
  /** Is nothing written there, as after `name:`? */
  readonly isBlank: boolean;
  readonly children: ReadonlyMap<string, LocatedNode>;
}

/** One YAML document: its plain value, and where each part of it stands. */
export interface LocatedDocument {
  readonly path: string;
  readonly value: unknown;
  readonly root: LocatedNode;
  readonly lines: LineCounter;
}

/** The keys and list indexes that lead to a value. */
export type ValuePath = readonly PropertyKey[];

/**
 * The place of the value at a path, or of its key. Where the path leads to nothing that was written, it is the place of the nearest value around it.
 */
export function placeOf(document: LocatedDocument, path: ValuePath, part: "key" | "value" = "value"): Place {
  let node = document.root;
  let isWritten = true;
  for (const step of path) {
    const child = node.children.get(String(step));
    if (child === undefined) {
      isWritten = false;
      break;
    }
    node = child;
  }
  const wantsKey = isWritten && (part === "key" || node.isBlank);
  return placeAt(document, wantsKey ? (node.keyStart ?? node.start) : node.start);
}

/** The place of an offset in a document's text. */
export function placeAt({ path, lines }: Pick<LocatedDocument, "path" | "lines">, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { path, line: Math.max(line, 1), column: Math.max(col, 1) };
}
