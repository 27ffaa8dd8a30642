/**
 * What `tc -json` printed, as values. iproute2 prints a part of some filters as text among the JSON, as late as in 6.1: what cls_basic matches, and the mark
 * of cls_fw. And it prints every match of cls_u32 under the same name: they are numbered here. Of filters that are still no JSON, which are never ours, only
 * the place is told.
 */
export function parseTcJson(output: string): readonly unknown[] {
  let matches = 0;
  const mended = output
    .replaceAll(/"\n\s*((?:NOT )?ipset\([^)]*\))\s*\n/g, '","ematch":"$1"')
    .replaceAll(/\{handle (0x[0-9a-f]+(?:\/0x[0-9a-f]+)?) *\n?(?=[,"])/g, '{"mark":"$1",')
    .replaceAll('"match":{"value"', () => {
      matches += 1;
      return `"match ${matches}":{"value"`;
    });
  const value: unknown = mended.trim() === "" ? [] : (tryJson(mended) ?? parseFilterByFilter(mended));
  if (!Array.isArray(value) || value.includes(undefined)) throw new Error(`tc printed no list: ${output.slice(0, 200)}`);
  return value;
}

const FILTER_START = /(?=\{"protocol":"[^"]*","pref":\d+,)/;
const PLACE = /^\{"protocol":"(?<protocol>[^"]*)","pref":(?<pref>\d+),"kind":"(?<kind>[^"]*)"(?:,"chain":(?<chain>\d+))?/;

function parseFilterByFilter(text: string): readonly unknown[] | undefined {
  const [head = "", ...filters] = text.split(FILTER_START);
  return head.trim() === "[" ? filters.map(parseFilter) : undefined;
}

function parseFilter(text: string): unknown {
  const whole = tryJson(text.replace(/[,\]\s]*$/, ""));
  if (whole !== undefined) return whole;
  const { protocol, pref, kind, chain = "0" } = PLACE.exec(text)?.groups ?? {};
  return pref === undefined ? undefined : { protocol, pref: Number(pref), kind, chain: Number(chain), options: {} };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
