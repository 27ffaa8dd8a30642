import type { HttpMatchSpec, VirtualService } from "./istio-resources.ts";
import { isPattern } from "./matching.ts";
import type { Unread } from "./table.ts";

const SPEC_FIELDS = new Set(["hosts", "gateways", "http"]);
/** They concern connections that are not read as HTTP, which carry no header. */
const OPAQUE_FIELDS = new Set(["tls", "tcp"]);
const RULE_FIELDS = new Set(["name", "match", "route"]);
const MATCH_FIELDS = new Set([
  "name",
  "uri",
  "method",
  "authority",
  "scheme",
  "headers",
  "withoutHeaders",
  "queryParams",
  "port",
  "gateways",
  "sourceLabels",
  "sourceNamespace",
]);

const NOT_SHOWN = "is not compiled, so what it does to the request is not shown";
const MAY_DECIDE = "is not compiled, and may decide otherwise";

/** The regular expressions of a match that RE2 can not read. */
export function badPatternsOf({ uri, method, authority, scheme, headers, withoutHeaders, queryParams }: HttpMatchSpec): readonly string[] {
  const conditions = [
    uri,
    method,
    authority,
    scheme,
    ...[headers, withoutHeaders, queryParams].flatMap((some) => Object.values(some ?? {})),
  ];
  return conditions.flatMap((condition) => (condition?.regex === undefined || isPattern(condition.regex) ? [] : [condition.regex]));
}

/** What a VirtualService says and `compile` leaves out. */
export function findUncompiled({ reference, spec }: VirtualService): readonly Unread[] {
  const unread = (field: string, why: string): Unread => ({ resource: reference, field, why });
  return [
    ...Object.keys(spec)
      .filter((field) => !SPEC_FIELDS.has(field) && !OPAQUE_FIELDS.has(field))
      .map((field) => unread(`spec.${field}`, MAY_DECIDE)),
    ...spec.hosts.flatMap((host, index) =>
      host.startsWith("*")
        ? [unread(`spec.hosts.${index}`, "is a wildcard; it is compiled as one host, not for each service that it takes in")]
        : [],
    ),
    ...spec.http.flatMap((rule, index) => [
      ...Object.keys(rule)
        .filter((field) => !RULE_FIELDS.has(field))
        .map((field) => unread(`spec.http.${index}.${field}`, rule.route === undefined ? MAY_DECIDE : NOT_SHOWN)),
      ...(rule.match ?? []).flatMap((match, entry) =>
        badPatternsOf(match).map((pattern) =>
          unread(`spec.http.${index}.match.${entry}`, `has the regular expression ${pattern}, which Envoy does not take`),
        ),
      ),
      ...(rule.match ?? []).flatMap((match, entry) =>
        Object.keys(match)
          .filter((field) => !MATCH_FIELDS.has(field))
          .map((field) => unread(`spec.http.${index}.match.${entry}.${field}`, MAY_DECIDE)),
      ),
    ]),
  ];
}
