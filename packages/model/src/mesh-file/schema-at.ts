import { z } from "zod";
import { externalHostSchema, memberSchema, meshFileSchema, portSchema, serviceSchema, virtualClusterSchema } from "../schema.ts";
import type { ValuePath } from "./located-document.ts";

const NOUNS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [meshFileSchema, "a mesh file"],
  [serviceSchema, "a service"],
  [portSchema, "a port"],
  [virtualClusterSchema, "a virtual cluster"],
  [memberSchema, "a member"],
  [externalHostSchema, "an external host"],
]);

/** What the schema calls the thing at a path, and the keys that it may have. */
export interface SchemaObject {
  readonly noun: string;
  readonly keys: readonly string[];
}

/** Looks up the object that the mesh file's schema wants at a path. */
export function schemaObjectAt(path: ValuePath): SchemaObject {
  let schema = unwrap(meshFileSchema);
  for (const step of path) {
    if (schema instanceof z.ZodArray) schema = unwrap(schema.element);
    else if (schema instanceof z.ZodObject) schema = unwrap(schema.shape[String(step)]);
  }
  return { noun: NOUNS.get(schema) ?? "this map", keys: schema instanceof z.ZodObject ? Object.keys(schema.shape) : [] };
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? unwrap(schema.unwrap()) : schema;
}
