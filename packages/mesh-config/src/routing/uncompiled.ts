import type { WrittenVirtualService } from "./istio-resources.ts";
import { isPattern } from "./matching.ts";
import { PRESENCE } from "./rules/matches.ts";
import { type HttpMatchSpec, READ_FIELDS } from "./rules/schema.ts";
import type { Unread } from "./table.ts";

/** They concern connections that are not read as HTTP, which carry no header. */
const OPAQUE_FIELDS = new Set(["tls", "tcp"]);
/** It names statistics. */
const UNDECIDING_IN_MATCH = "statPrefix";

const NOT_SHOWN = "is not compiled, so what it does to the request is not shown";
const MAY_DECIDE = "is not compiled, and may decide otherwise";

/** The regular expressions of a match that RE2 can not read. */
export function badPatternsOf({ uri, method, authority, scheme, headers, withoutHeaders, queryParams }: HttpMatchSpec): readonly string[] {
  const conditions = [method, authority, scheme, ...[headers, withoutHeaders, queryParams].flatMap((some) => Object.values(some ?? {}))];
  const patterns = [uri?.regex, ...conditions.map((condition) => (condition?.regex === PRESENCE ? undefined : condition?.regex))];
  return patterns.filter((pattern) => pattern !== undefined).filter((pattern) => !isPattern(pattern));
}

/** What a VirtualService says and `compile` leaves out. */
export function findUncompiled({ reference, spec }: WrittenVirtualService): readonly Unread[] {
  const unread = (field: string, why: string): Unread => ({ resource: reference, field, why });
  return [
    ...Object.keys(spec)
      .filter((field) => !READ_FIELDS.spec.has(field) && !OPAQUE_FIELDS.has(field))
      .map((field) => unread(`spec.${field}`, MAY_DECIDE)),
    ...spec.http.flatMap((rule, index) => [
      ...Object.keys(rule)
        .filter((field) => !READ_FIELDS.rule.has(field))
        .map((field) => unread(`spec.http.${index}.${field}`, rule.route === undefined ? MAY_DECIDE : NOT_SHOWN)),
      ...(rule.match ?? []).flatMap((match, entry) =>
        badPatternsOf(match).map((pattern) =>
          unread(`spec.http.${index}.match.${entry}`, `has the regular expression ${pattern}, which Envoy does not take`),
        ),
      ),
      ...(rule.match ?? []).flatMap((match, entry) =>
        Object.keys(match)
          .filter((field) => !READ_FIELDS.match.has(field) && field !== UNDECIDING_IN_MATCH)
          .map((field) => unread(`spec.http.${index}.match.${entry}.${field}`, MAY_DECIDE)),
      ),
    ]),
  ];
}
