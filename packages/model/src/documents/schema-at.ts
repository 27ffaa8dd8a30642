import { z } from "zod";
import type { DocumentKind } from "./document-kind.ts";
import type { ValuePath } from "./located-document.ts";

/** What the schema calls the thing at a path, and the keys that it may have. */
export interface SchemaObject {
  readonly noun: string;
  readonly keys: readonly string[];
}

/** Looks up the object that a kind of document wants at a path. */
export function schemaObjectAt(path: ValuePath, kind: DocumentKind): SchemaObject {
  let schema = unwrap(kind.schema);
  for (const step of path) {
    if (schema instanceof z.ZodArray) schema = unwrap(schema.element);
    else if (schema instanceof z.ZodObject) schema = unwrap(schema.shape[String(step)]);
  }
  return { noun: kind.nouns.get(schema) ?? "this map", keys: schema instanceof z.ZodObject ? Object.keys(schema.shape) : [] };
}

/** What is inside of what may be left out; of alternatives, the one that has keys. */
function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.find((option) => option instanceof z.ZodObject) ?? schema;
  return schema;
}
