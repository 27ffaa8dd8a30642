import { z } from "zod";
import { type Fault, isFault } from "../fault.ts";

/**
 * A schema of what is written as one word, such as `120ms`: a string, or a number, as YAML takes a forgotten unit for one.
 *
 * @param what - what it is, with an example: `a duration such as 120ms`
 */
export function quantitySchema<T>(what: string, parse: (text: string) => T | Fault) {
  return z.unknown().transform((value, context): T => {
    if (typeof value !== "string" && typeof value !== "number") {
      context.addIssue({ code: "invalid_type", expected: what as "custom", input: value });
      return z.NEVER;
    }
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      context.addIssue({ code: "custom", message: "is too long for a number in YAML", params: { fix: "put it in quotes" } });
      return z.NEVER;
    }
    const result = parse(String(value));
    if (!isFault(result)) return result;
    context.addIssue({ code: "custom", message: result.message, params: { fix: result.fix } });
    return z.NEVER;
  });
}
