const LONGEST_QUOTE = 80;

/** Quotes a value for a message, cut where it is long. */
export function quote(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : describeType(value);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}... (${text.length - 2} characters)` : text;
}

/** Names a value's type as a person who writes YAML would. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return `the string ${quote(value)}`;
  return typeof value === "number" ? `the number ${value}` : String(value);
}
