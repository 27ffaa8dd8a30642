import type { Fault } from "../fault.ts";

const QUANTITY = /^(?<sign>[+-]?)(?<decimal>\d+(?:\.\d+)?|\.\d+)(?<unit>[a-zA-Z%]*)$/;

/** A number as it was written, and its unit, which is one of those that were asked for. */
export interface Quantity<Unit extends string> {
  readonly decimal: string;
  readonly unit: Unit;
}

/**
 * Splits a quantity into its number and its unit.
 *
 * @param what - what it is, with an example: `a duration such as 120ms`
 * @param units - those that are understood, the likeliest first
 */
export function parseQuantity<Unit extends string>(text: string, what: string, units: readonly Unit[]): Quantity<Unit> | Fault {
  const { sign, decimal = "", unit = "" } = QUANTITY.exec(text)?.groups ?? {};
  const likeliest = units[0] ?? "";
  if (decimal === "") return { message: `must be ${what}`, fix: `write a number and a unit: ${units.join(", ")}` };
  if (sign === "-") return { message: "must not be negative", fix: `write ${decimal}${unit === "" ? likeliest : unit}` };
  if (unit === "") return { message: "has no unit", fix: `write ${units.map((known) => decimal + known).join(" or ")}` };
  const known = units.find((candidate) => candidate === unit);
  if (known !== undefined) return { decimal, unit: known };
  const inLowerCase = units.find((candidate) => candidate === unit.toLowerCase());
  const fix = inLowerCase === undefined ? `use one of ${units.join(", ")}` : `write ${decimal}${inLowerCase}`;
  return { message: `has the unknown unit '${unit}'`, fix };
}
