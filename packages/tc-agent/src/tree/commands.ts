/** One line for a resident `tc` or `ip`. */
export interface Command {
  readonly tool: "tc" | "ip";
  readonly words: readonly string[];
}

const PLAIN_WORD = /^[\w:.,/%@+=-]+$/;
/** An extended match of cls_basic, the only kind of word with spaces in it. */
const EXTENDED_MATCH = /^(not )?ipset\([\w-]+ (src|dst)\)$/;

/**
 * The line that a resident tool reads.
 *
 * @throws Error where a word could be read as more than one: none of ours can
 */
export function lineOf({ words }: Command): string {
  return words
    .map((word) => {
      if (PLAIN_WORD.test(word)) return word;
      if (EXTENDED_MATCH.test(word)) return `"${word}"`;
      throw new Error(`not a word for tc or ip: ${JSON.stringify(word)}`);
    })
    .join(" ");
}

export function tc(...words: readonly (string | number)[]): Command {
  return { tool: "tc", words: words.map(String) };
}

export function ip(...words: readonly (string | number)[]): Command {
  return { tool: "ip", words: words.map(String) };
}
