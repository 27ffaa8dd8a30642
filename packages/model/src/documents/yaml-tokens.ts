import { type CST, Lexer, type LineCounter, Parser } from "yaml";

const MOST_OPEN_TOKENS = 200;

/** Thrown where brackets or indentation go deeper than any document of ours does. */
export class NestingTooDeep extends Error {
  readonly code = "nesting-too-deep";
  readonly offset: number;

  constructor(offset: number) {
    super(`more than ${MOST_OPEN_TOKENS} open tokens at offset ${offset}`);
    this.name = "NestingTooDeep";
    this.offset = offset;
  }
}

/**
 * The concrete syntax of a YAML text, as yaml's own parser yields it, but given up early where it nests too deep: five million opening
 * brackets keep yaml busy for most of a minute.
 *
 * @throws {@link NestingTooDeep}
 */
export function* parseTokens(text: string, lines: LineCounter): Generator<CST.Token, void> {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > MOST_OPEN_TOKENS) throw new NestingTooDeep(parser.offset);
  }
  yield* parser.end();
}
