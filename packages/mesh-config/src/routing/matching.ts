import { RE2JS } from "re2js";
import type { HeaderMatch, QueryParameterMatch, RouteMatch, StringMatch } from "./table.ts";

export type HeaderValues = Readonly<Record<string, string | readonly string[]>>;

interface Matched {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: HeaderValues;
}

type Condition = StringMatch | { readonly kind: "present" };

/** Says why a request does not match, in a person's words; `undefined` where it does. */
export function describeMismatch(match: RouteMatch, request: Matched): string | undefined {
  const [path = "", query = ""] = split(request.path, "?");
  if (match.path !== undefined && !matches(match.path, match.path.kind === "prefix" ? request.path : path)) {
    return `path ${path} is not ${describe(match.path)}`;
  }
  for (const header of match.headers) {
    const value = readHeader(header, request);
    if (matchesHeader(header, value) === header.isInverted) return describeHeaderMismatch(header, value);
  }
  const unmatched = match.queryParameters.find((parameter) => !matchesQueryParameter(parameter, query));
  return unmatched === undefined ? undefined : `query parameter ${unmatched.name} is not ${describe(unmatched.match)}`;
}

/** Envoy compares a header that was sent more than once by its values joined with a comma. */
function readHeader({ name }: HeaderMatch, request: Matched): string | undefined {
  if (name === ":method") return request.method;
  if (name === ":authority") return request.host;
  if (name === ":scheme") return "http";
  const value = request.headers[name];
  return typeof value === "string" || value === undefined ? value : value.join(",");
}

function matchesHeader({ match }: HeaderMatch, value: string | undefined): boolean {
  return value !== undefined && matches(match, value);
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

const patterns = new WeakMap<Condition, RE2JS>();

function patternOf(condition: Extract<Condition, { kind: "regex" }>): RE2JS {
  const known = patterns.get(condition);
  if (known !== undefined) return known;
  const made = RE2JS.compile(condition.value);
  patterns.set(condition, made);
  return made;
}

function describeHeaderMismatch({ name, match, isInverted }: HeaderMatch, value: string | undefined): string {
  const actual = value === undefined ? `${name} is absent` : `${name} is "${value}"`;
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
