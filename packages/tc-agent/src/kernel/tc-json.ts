/**
 * What `tc -json` printed, as values. iproute2 prints a part of some filters as text among the JSON, as late as in 6.1: what cls_basic matches, and the mark
 * of cls_fw. And it prints every match of cls_u32 under the same name: they are numbered here.
 */
export function parseTcJson(output: string): readonly unknown[] {
  let matches = 0;
  const mended = output
    .replaceAll(/"\n\s*((?:NOT )?ipset\([^)]*\))\s*\n/g, '","ematch":"$1"')
    .replaceAll(/\{handle (0x[0-9a-f]+(?:\/0x[0-9a-f]+)?) *\n?/g, '{"mark":"$1",')
    .replaceAll('"match":{"value"', () => {
      matches += 1;
      return `"match ${matches}":{"value"`;
    });
  const value: unknown = mended.trim() === "" ? [] : JSON.parse(mended);
  if (!Array.isArray(value)) throw new Error(`tc printed no list: ${output.slice(0, 200)}`);
  return value;
}
