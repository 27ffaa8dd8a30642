import type { DocumentKind } from "./document-kind.ts";
import type { DocumentProblem, Place } from "./problem.ts";

/** One file's name, as it appears in problems, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

// YAML 1.2.2, section 5.1: of the control characters only tab, line feed, carriage return and next line are allowed.
const NOT_TEXT = /(?![\t\n\r\u0085])[\p{Cc}\p{Cs}]/u;

/** Finds what makes a text unfit for a YAML parser, before one sees it. */
export function findTextProblem(source: Source, kind: DocumentKind): DocumentProblem | undefined {
  if (Buffer.byteLength(source.text) > kind.maxBytes) return fileTooLarge(source.path, kind);
  const offset = source.text.search(NOT_TEXT);
  if (offset === -1) return undefined;
  const character = source.text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, "0");
  return {
    ...placeInText(source, offset),
    code: "not-text",
    message: `the file holds the character U+${character}, which YAML text can not hold`,
    fix: "save it as UTF-8 text, or write the character as an escape in double quotes",
  };
}

/** The refusal of a file over {@link DocumentKind.maxBytes}. */
export function fileTooLarge(path: string, kind: DocumentKind): DocumentProblem {
  return {
    path,
    line: 1,
    column: 1,
    code: "file-too-large",
    message: `the file is larger than ${kind.maxBytes / 1024 / 1024} MiB, the most that is read`,
    fix: kind.fixes.fileTooLarge,
  };
}

/** The place of a character in a text. */
export function placeInText({ path, text }: Source, offset: number): Place {
  let line = 1;
  let lineStart = 0;
  for (let end = text.indexOf("\n"); end !== -1 && end < offset; end = text.indexOf("\n", end + 1)) {
    line++;
    lineStart = end + 1;
  }
  return { path, line, column: offset - lineStart + 1 };
}
