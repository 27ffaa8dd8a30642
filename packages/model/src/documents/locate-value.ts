import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from "yaml";
import type { DocumentKind } from "./document-kind.ts";
import { type LocatedDocument, type LocatedNode, placeAt } from "./located-document.ts";
import { type DocumentProblem, formatPlace, type Place } from "./problem.ts";

/** How many values aliases may stand for, all together: far over what people write, and little enough to hold. */
const MOST_ALIASED_VALUES = 250_000;
const DEEPEST_NESTING = 64;

/** A plain value with the places of its parts. */
export interface LocatedValue {
  readonly value: unknown;
  readonly root: LocatedNode;
  readonly problems: readonly DocumentProblem[];
}

interface Built {
  readonly value: unknown;
  readonly node: LocatedNode;
  /** How many values it holds, itself included, with every alias counted as what it stands for. */
  readonly size: number;
  readonly height: number;
}

/**
 * Turns the nodes of a YAML document into the plain value that they stand for and into the places of its parts, in one pass.
 *
 * Duplicate keys are found here, in time proportional to the document. An alias shares what its anchor built; how much all aliases stand for is
 * counted, never walked, so that a few lines can not blow up into billions of values.
 */
export function locateValue(contents: Node, text: Pick<LocatedDocument, "path" | "lines">, kind: DocumentKind): LocatedValue {
  const problems: DocumentProblem[] = [];
  const anchors = new Map<string, Built>();
  let aliasedValues = 0;

  const report = (offset: number, problem: Omit<DocumentProblem, keyof Place>) => problems.push({ ...placeAt(text, offset), ...problem });

  function build(node: unknown, depth: number, keyStart?: number): Built {
    const start = startOf(node) ?? keyStart ?? 0;
    if (depth > DEEPEST_NESTING) {
      report(start, { code: "too-deep", message: `more than ${DEEPEST_NESTING} levels of nesting`, fix: "flatten it" });
      return leaf(null, start, keyStart);
    }
    if (isAlias(node)) return buildAlias(node, depth, start, keyStart);
    const built = isMap(node)
      ? buildMap(node, depth, start, keyStart)
      : isSeq(node)
        ? buildSeq(node, depth, start, keyStart)
        : leaf(isScalar(node) ? node.value : null, start, keyStart, isEmptyRange(node));
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) anchors.set(node.anchor, built);
    return built;
  }

  function buildAlias(alias: Alias, depth: number, start: number, keyStart: number | undefined): Built {
    const target = anchors.get(alias.source);
    if (target === undefined) {
      report(start, {
        code: "unknown-alias",
        message: `no anchor '&${alias.source}' is complete before this alias`,
        fix: "write the value out",
      });
      return leaf(null, start, keyStart);
    }
    const wasWithin = aliasedValues <= MOST_ALIASED_VALUES;
    aliasedValues += target.size;
    if (aliasedValues > MOST_ALIASED_VALUES) {
      const message = `the aliases stand for more than ${MOST_ALIASED_VALUES} values`;
      if (wasWithin) report(start, { code: "too-many-aliases", message, fix: kind.fixes.tooManyAliases });
      return leaf(null, start, keyStart);
    }
    if (depth + target.height > DEEPEST_NESTING) {
      report(start, { code: "too-deep", message: `more than ${DEEPEST_NESTING} levels of nesting`, fix: "flatten it" });
      return leaf(null, start, keyStart);
    }
    return target;
  }

  function buildMap(map: YAMLMap, depth: number, start: number, keyStart: number | undefined): Built {
    const value: Record<string, unknown> = {};
    const children = new Map<string, LocatedNode>();
    let size = 1;
    let height = 1;
    for (const pair of map.items) {
      const ownKeyStart = startOf(pair.key) ?? start;
      if (!isScalar(pair.key) || typeof pair.key.value !== "string") {
        report(ownKeyStart, { code: "unsupported-yaml", message: "a key must be plain text", fix: "write the key out" });
        continue;
      }
      const key = pair.key.value;
      if (key === "__proto__") {
        report(ownKeyStart, { code: "unsupported-yaml", message: "a key can not be called '__proto__'", fix: "rename it" });
        continue;
      }
      const built = build(pair.value, depth + 1, ownKeyStart);
      const first = children.get(key);
      if (first !== undefined) {
        const where = formatPlace(placeAt(text, first.keyStart ?? first.start));
        report(ownKeyStart, { code: "duplicate-key", message: `the key '${key}' is already at ${where}`, fix: "keep one of them" });
        continue;
      }
      value[key] = built.value;
      children.set(key, { ...built.node, keyStart: ownKeyStart });
      size += built.size;
      height = Math.max(height, built.height + 1);
    }
    return { value, node: located(start, children, keyStart), size, height };
  }

  function buildSeq(seq: YAMLSeq, depth: number, start: number, keyStart: number | undefined): Built {
    const items = seq.items.map((item) => build(item, depth + 1));
    const children = new Map(items.map(({ node }, index) => [String(index), node]));
    const size = items.reduce((sum, item) => sum + item.size, 1);
    const height = items.reduce((tallest, item) => Math.max(tallest, item.height + 1), 1);
    return { value: items.map(({ value }) => value), node: located(start, children, keyStart), size, height };
  }

  const { value, node } = build(contents, 0);
  return { value, root: node, problems };
}

const NO_CHILDREN: ReadonlyMap<string, LocatedNode> = new Map();

function leaf(value: unknown, start: number, keyStart: number | undefined, isBlank = false): Built {
  return { value, node: { ...located(start, NO_CHILDREN, keyStart), isBlank }, size: 1, height: 0 };
}

function located(start: number, children: ReadonlyMap<string, LocatedNode>, keyStart: number | undefined): LocatedNode {
  return { start, isBlank: false, children, ...(keyStart === undefined ? {} : { keyStart }) };
}

function startOf(node: unknown): number | undefined {
  return isNodeWithRange(node) ? node.range[0] : undefined;
}

function isEmptyRange(node: unknown): boolean {
  return !isNodeWithRange(node) || node.range[0] === node.range[1];
}

function isNodeWithRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
}
