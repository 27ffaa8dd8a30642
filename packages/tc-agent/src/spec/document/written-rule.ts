import type { ValuePath } from "@puggle/model/documents";
import type { z } from "zod";
import type { Direction } from "../emulation.ts";
import { egressRuleSchema, type RuleFields } from "./schema.ts";
import type { SpecProblemCode } from "./spec-problem.ts";

/** A rule as it was written, right or wrong. Its checks see what is right in it, so that one mistake does not hide another. */
export interface WrittenRule {
  readonly direction: Direction;
  /** The rule's name, or its place. */
  readonly label: string;
  /** Where it is in the document. */
  readonly path: ValuePath;
  readonly raw: Readonly<Record<string, unknown>>;
  /** The fields that follow the schema by themselves. */
  readonly fields: Partial<RuleFields>;
}

/** What a check found, its path within the rule. */
export interface Finding {
  readonly path: ValuePath;
  readonly code: SpecProblemCode;
  readonly message: string;
  readonly fix: string;
}

/** The rules of a document, whatever else is wrong with it. */
export function findWrittenRules(value: unknown): WrittenRule[] {
  if (!isMap(value)) return [];
  return (["egress", "ingress"] as const).flatMap((direction) => {
    const rules = value[direction];
    if (!Array.isArray(rules)) return [];
    return rules.flatMap((raw: unknown, index) => {
      if (!isMap(raw)) return [];
      const fields = readFields(raw);
      return [{ direction, label: fields.name ?? placeName(direction, index), path: [direction, index], raw, fields }];
    });
  });
}

/** What a rule without a name is called. */
export function placeName(direction: Direction, index: number): string {
  return `${direction}[${index}]`;
}

/** Is this a map of the document? */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readFields(raw: Readonly<Record<string, unknown>>): Partial<RuleFields> {
  const fields = Object.entries(egressRuleSchema.shape).flatMap(([key, schema]: [string, z.ZodType]) => {
    const parsed = key in raw ? schema.safeParse(raw[key]) : undefined;
    return parsed?.success === true ? [[key, parsed.data] as const] : [];
  });
  return Object.fromEntries(fields);
}
