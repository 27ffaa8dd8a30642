import { Composer, type Document, LineCounter } from "yaml";
import type { DocumentKind } from "./document-kind.ts";
import { locateValue } from "./locate-value.ts";
import { type LocatedDocument, placeAt } from "./located-document.ts";
import type { DocumentProblem, Place } from "./problem.ts";
import type { Source } from "./source-text.ts";
import { NestingTooDeep, parseTokens } from "./yaml-tokens.ts";

const SYNTAX_FIXES: Readonly<Record<string, string>> = {
  BAD_INDENT: "close the bracket before it, or line it up with its neighbours",
  BAD_SCALAR_START: "put the value in quotes",
  BLOCK_AS_IMPLICIT_KEY: "put a value that holds ': ' in quotes, or begin a new line",
  BLOCK_IN_FLOW: "close the bracket before it",
  MISSING_CHAR: "close the quote or bracket, or add the missing ':' or ','",
  MULTILINE_IMPLICIT_KEY: "add the missing ':', or keep the key on one line",
  TAB_AS_INDENT: "indent with spaces",
};

/** What the YAML of one source says, and what is wrong with it as YAML. */
export interface YamlReading {
  readonly documents: readonly LocatedDocument[];
  readonly problems: readonly DocumentProblem[];
}

/** Reads the YAML 1.2 documents of one source, each with the places of its parts. Empty documents among others are skipped. */
export function readYaml(source: Source, kind: DocumentKind): YamlReading {
  const lines = new LineCounter();
  try {
    return locateDocuments(source, lines, compose(source, lines), kind);
  } catch (error) {
    if (!(error instanceof NestingTooDeep)) throw error;
    return { documents: [], problems: [tooDeep(placeAt({ path: source.path, lines }, error.offset))] };
  }
}

function compose(source: Source, lines: LineCounter): Document.Parsed[] {
  // yaml compares every key with every other when it looks for duplicates; locateValue finds them in one pass.
  const options = { prettyErrors: false, uniqueKeys: false, stringKeys: true, resolveKnownTags: false, schema: "core" };
  return Array.from(new Composer(options).compose(parseTokens(source.text, lines)));
}

function locateDocuments(source: Source, lines: LineCounter, parsed: readonly Document.Parsed[], kind: DocumentKind): YamlReading {
  const text = { path: source.path, lines };
  const documents: LocatedDocument[] = [];
  const problems: DocumentProblem[] = [];
  for (const document of parsed) {
    const syntaxProblem = findSyntaxProblem(document, text);
    if (syntaxProblem !== undefined) problems.push(syntaxProblem);
    else if (document.contents !== null && !isBlank(document)) {
      const located = locateValue(document.contents, text, kind);
      problems.push(...located.problems);
      if (located.problems.length === 0) documents.push({ ...text, value: located.value, root: located.root });
    }
  }
  if (documents.length === 0 && problems.length === 0) problems.push(emptyFile(source, kind));
  return { documents, problems };
}

/** After the first syntax error a parser guesses, so the first one is the only one that is told. */
function findSyntaxProblem(document: Document.Parsed, text: Pick<LocatedDocument, "path" | "lines">): DocumentProblem | undefined {
  const error = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0])[0];
  if (error?.code === "RESOURCE_EXHAUSTION") {
    return tooDeep(placeAt(text, error.pos[0]));
  }
  if (error !== undefined) {
    const fix = SYNTAX_FIXES[error.code];
    return {
      ...placeAt(text, error.pos[0]),
      code: "yaml-syntax",
      message: `not valid YAML: ${error.message}`,
      ...(fix === undefined ? {} : { fix }),
    };
  }
  const warning = document.warnings[0];
  if (warning === undefined) return undefined;
  return {
    ...placeAt(text, warning.pos[0]),
    code: "unsupported-yaml",
    message: `not plain YAML: ${warning.message}`,
    fix: "remove the tag",
  };
}

function tooDeep(place: Place): DocumentProblem {
  return { ...place, code: "too-deep", message: "the nesting is too deep to read", fix: "flatten it" };
}

function isBlank(document: Document.Parsed): boolean {
  const range = document.contents?.range;
  return range !== undefined && range !== null && range[0] === range[1];
}

function emptyFile({ path, text }: Source, kind: DocumentKind): DocumentProblem {
  return {
    path,
    line: 1,
    column: 1,
    code: "empty-file",
    message: text.trim() === "" ? "the file is empty" : "the file holds nothing but comments",
    fix: kind.fixes.emptyFile,
  };
}
