/**
 * The words of a rule as `iptables -S` prints it: what has more than letters, digits, `_` and `-` in it stands in double quotes, where a backslash goes before
 * a quote or another backslash.
 */
export function wordsOfRule(line: string): readonly string[] {
  return Array.from(line.matchAll(/"((?:\\.|[^"\\])*)"|\S+/g), ([word, quoted]) => quoted?.replaceAll(/\\(.)/g, "$1") ?? word);
}
