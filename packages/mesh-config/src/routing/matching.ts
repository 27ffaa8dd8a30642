import { RE2JS } from "re2js";
import type { HeaderMatch, PresenceOr, QueryParameterMatch, RouteMatch, StringMatch } from "./table.ts";

export type HeaderValues = Readonly<Record<string, string | readonly string[]>>;

interface Matched {
  readonly method: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: HeaderValues;
}

type Condition = PresenceOr<StringMatch>;

/** Says why a request does not match, in a person's words; `undefined` where it does. */
export function describeMismatch(match: RouteMatch, request: Matched): string | undefined {
  const [path = "", query = ""] = split(request.path, "?");
  if (match.path !== undefined && !matchesPath(match.path, match.ignoresPathCase, path)) {
    return `path ${path} is not ${describe(match.path)}`;
  }
  for (const header of match.headers) {
    const lines = headerLines(header, request);
    if (!matchesHeader(header, lines)) return describeHeaderMismatch(header, lines);
  }
  const unmatched = match.queryParameters.find((parameter) => !matchesQueryParameter(parameter, query));
  return unmatched === undefined ? undefined : `query parameter ${unmatched.name} is not ${describe(unmatched.match)}`;
}

function matchesPath(condition: StringMatch, ignoresCase: boolean, path: string): boolean {
  if (!ignoresCase || condition.kind === "regex") return matches(condition, path);
  return matches({ kind: condition.kind, value: condition.value.toLowerCase() }, path.toLowerCase());
}

function headerLines({ name }: HeaderMatch, request: Matched): readonly string[] {
  if (name === ":method") return [request.method];
  if (name === ":authority") return [request.port === 80 ? request.host : `${request.host}:${request.port}`];
  if (name === ":scheme") return ["http"];
  return [request.headers[name] ?? []].flat();
}

/**
 * Envoy 1.39 and later compare each line of a header that was sent more than once: one that matches is enough, and none may match where the match is
 * inverted. (Envoy 1.38 and earlier compare the lines joined with commas.) An inverted match takes an absent header as an empty one.
 */
function matchesHeader({ match, isInverted }: HeaderMatch, lines: readonly string[]): boolean {
  if (match.kind === "present") return lines.length > 0 !== isInverted;
  if (isInverted) return !(lines.length === 0 ? [""] : lines).some((line) => matches(match, line));
  return lines.some((line) => matches(match, line));
}

function matchesQueryParameter({ name, match }: QueryParameterMatch, query: string): boolean {
  const parameter = query.split("&").find((pair) => split(pair, "=")[0] === name);
  return parameter !== undefined && matches(match, split(parameter, "=")[1] ?? "");
}

function matches(condition: Condition, value: string): boolean {
  switch (condition.kind) {
    case "present":
      return true;
    case "exact":
      return value === condition.value;
    case "prefix":
      return value.startsWith(condition.value);
    case "regex":
      return patternOf(condition).matches(value);
  }
}

/** Is this a regular expression that Envoy takes? */
export function isPattern(value: string): boolean {
  try {
    RE2JS.compile(value);
    return true;
  } catch {
    return false;
  }
}

const patterns = new WeakMap<Condition, RE2JS>();

function patternOf(condition: Extract<Condition, { kind: "regex" }>): RE2JS {
  const known = patterns.get(condition);
  if (known !== undefined) return known;
  const made = RE2JS.compile(condition.value);
  patterns.set(condition, made);
  return made;
}

function describeHeaderMismatch({ name, match, isInverted }: HeaderMatch, lines: readonly string[]): string {
  const actual = lines.length === 0 ? `${name} is absent` : `${name} is ${lines.map((line) => `"${line}"`).join(" and ")}`;
  if (match.kind === "present") return isInverted ? `${actual}, and the route is for requests without it` : actual;
  return isInverted ? `${actual}, and the route is for requests where it is not ${describe(match)}` : `${actual}, not ${describe(match)}`;
}

function describe(condition: Condition): string {
  switch (condition.kind) {
    case "present":
      return "present";
    case "exact":
      return `"${condition.value}"`;
    case "prefix":
      return `"${condition.value}..."`;
    case "regex":
      return `/${condition.value}/`;
  }
}

function split(text: string, separator: string): readonly [string, string | undefined] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}
