/**
 * YAML documents of which every part knows its place, and problems that people can act on, for any kind of document.
 *
 * This entry (`@puggle/model/documents`) knows nothing of mesh files.
 */
export { describeType, quote } from "./describe-value.ts";
export type { DocumentKind } from "./document-kind.ts";
export { type LocatedDocument, placeOf, type ValuePath } from "./located-document.ts";
export { nearestWord } from "./nearest-word.ts";
export {
  compareProblems,
  compareText,
  type DocumentProblem,
  type DocumentProblemCode,
  formatPlace,
  formatProblem,
  formatProblems,
  type Place,
  type Problem,
} from "./problem.ts";
export { readYaml, type YamlReading } from "./read-yaml.ts";
export { describeIssues } from "./schema-problems.ts";
export { fileTooLarge, findTextProblem, placeInText, type Source } from "./source-text.ts";
