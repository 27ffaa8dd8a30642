import type { z } from "zod";

/** A kind of document, and how its problems are told. */
export interface DocumentKind {
  /** What one is called, as in `a mesh file`. */
  readonly noun: string;
  readonly schema: z.ZodType;
  /** What the maps in it are called, by their schema, as in `a service`; `this map` where left out. */
  readonly nouns: ReadonlyMap<unknown, string>;
  /** The largest that is read, in bytes of UTF-8. */
  readonly maxBytes: number;
  /** What to do about a document that is wrong as a whole. */
  readonly fixes: { readonly emptyFile: string; readonly fileTooLarge: string; readonly tooManyAliases: string };
  /** How to write a key's value, for one of a wrong type, by the key; and the whole document, by its noun. */
  readonly examples?: ReadonlyMap<string, string>;
  /** What to do about a key of a map of the given noun, where that is more than a slip of the pen. */
  readonly findKeyFix?: (key: string, noun: string) => string | undefined;
}
