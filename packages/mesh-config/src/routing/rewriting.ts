import { RE2JS } from "re2js";
import type { OwnAnswer, PathRewrite, RouteMatch } from "./table.ts";

interface Asked {
  readonly host: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
}

/** The path and query with which a request goes on. A prefix takes the place of what the match took: of the whole path, where that was matched whole. */
export function rewritePath(rewrite: PathRewrite | undefined, { path: matched }: RouteMatch, pathAndQuery: string): string {
  if (rewrite === undefined) return pathAndQuery;
  const [path, query] = splitQuery(pathAndQuery);
  if (rewrite.kind === "regex") return replaceAll(path, rewrite.pattern, rewrite.substitution) + query;
  const taken = matched === undefined ? 1 : matched.kind === "prefix" ? matched.value.length : path.length;
  return rewrite.value + path.slice(taken) + query;
}

/** Where a redirect sends the caller. */
export function locationOf(redirect: Extract<OwnAnswer, { kind: "redirect" }>, request: Asked): string {
  const scheme = redirect.scheme === "" ? "http" : redirect.scheme.toLowerCase();
  const port = redirect.port === undefined ? keptPort(redirect, scheme, request.port) : `:${redirect.port}`;
  const host = redirect.authority === "" ? request.host : redirect.authority;
  const [, query] = splitQuery(request.path);
  const path = redirect.path === "" ? request.path : redirect.path.includes("?") ? redirect.path : redirect.path + query;
  return `${scheme}://${host}${port}${path}`;
}

/** A port that the caller named stays with the host that it named, unless the scheme changes and it was that of the old one. */
function keptPort({ authority }: { readonly authority: string }, scheme: string, port: number): string {
  const isUsual = port === (scheme === "https" ? 443 : 80);
  return authority !== "" || port === 80 || isUsual ? "" : `:${port}`;
}

function replaceAll(path: string, pattern: string, substitution: string): string {
  // Envoy writes groups as \1, and this library as $1.
  const replacement = substitution.replaceAll("$", () => "$$").replaceAll(/\\(\d)/g, (_, group) => `$${group}`);
  return RE2JS.compile(pattern).matcher(path).replaceAll(replacement);
}

/** The query comes with its question mark. */
function splitQuery(pathAndQuery: string): readonly [string, string] {
  const at = pathAndQuery.indexOf("?");
  return at < 0 ? [pathAndQuery, ""] : [pathAndQuery.slice(0, at), pathAndQuery.slice(at)];
}
