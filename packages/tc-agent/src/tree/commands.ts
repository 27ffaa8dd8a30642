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
      const said = say(word);
      if (said === undefined) throw new Error(`not a word for tc or ip: ${JSON.stringify(word)}`);
      return said;
    })
    .join(" ");
}

/** Has it a line? Devices of others may have names that are no words. */
export function canBeSaid({ words }: Command): boolean {
  return words.every((word) => say(word) !== undefined);
}

function say(word: string): string | undefined {
  if (PLAIN_WORD.test(word)) return word;
  return EXTENDED_MATCH.test(word) ? `"${word}"` : undefined;
}

export function tc(...words: readonly (string | number)[]): Command {
  return { tool: "tc", words: words.map(String) };
}

export function ip(...words: readonly (string | number)[]): Command {
  return { tool: "ip", words: words.map(String) };
}
