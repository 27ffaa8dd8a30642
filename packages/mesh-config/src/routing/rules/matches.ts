import type { HeaderMatch, PresenceOr, QueryParameterMatch, RouteMatch, StringMatch } from "../table.ts";
import type { HttpMatchSpec, StringMatchSpec } from "./schema.ts";

export const EVERY_REQUEST: RouteMatch = { path: undefined, ignoresPathCase: false, headers: [], queryParameters: [] };

export function compileMatch(match: HttpMatchSpec): RouteMatch {
  return {
    path: match.uri === undefined ? undefined : compileStringMatch(match.uri),
    ignoresPathCase: match.ignoreUriCase ?? false,
    headers: [
      ...compileHeaders(match.headers, false),
      ...compileHeaders(match.withoutHeaders, true),
      ...pseudoHeader(":method", match.method),
      ...pseudoHeader(":authority", match.authority),
      ...pseudoHeader(":scheme", match.scheme),
    ],
    queryParameters: Object.entries(match.queryParams ?? {}).map(
      ([name, condition]): QueryParameterMatch => ({ name, match: compileCondition(condition) }),
    ),
  };
}

function pseudoHeader(name: string, condition: StringMatchSpec | undefined): readonly HeaderMatch[] {
  return condition === undefined ? [] : [{ name, match: compileCondition(condition), isInverted: false }];
}

function compileHeaders(conditions: Readonly<Record<string, StringMatchSpec>> | undefined, isInverted: boolean): readonly HeaderMatch[] {
  return Object.entries(conditions ?? {}).map(([name, condition]) => ({
    name: name.toLowerCase(),
    match: compileCondition(condition),
    isInverted,
  }));
}

/** What Istio takes for "any value", though it is no regular expression. */
export const PRESENCE = "*";

/** An empty match asks for presence only. */
function compileCondition(condition: StringMatchSpec): PresenceOr<StringMatch> {
  return condition.regex === PRESENCE ? { kind: "present" } : (compileStringMatch(condition) ?? { kind: "present" });
}

export function compileStringMatch({ exact, prefix, regex }: StringMatchSpec): StringMatch | undefined {
  if (exact !== undefined) return { kind: "exact", value: exact };
  if (prefix !== undefined) return { kind: "prefix", value: prefix };
  return regex === undefined ? undefined : { kind: "regex", value: regex };
}

/** Does Istio take a route with this match for one that takes every request, and leave out what follows? */
export function isCatchAll({ path, headers, queryParameters }: RouteMatch): boolean {
  if (headers.length > 0 || queryParameters.length > 0) return false;
  return path === undefined || (path.kind === "prefix" && path.value === "/") || (path.kind === "regex" && path.value === ".*");
}
