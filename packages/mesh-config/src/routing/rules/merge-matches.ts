import type { HttpMatchSpec, StringMatchSpec } from "./schema.ts";

/** What both a rule and its delegate ask for; `undefined` where an entry of the delegate has none of the rule's that it could be part of. */
export function mergeMatches(root: readonly HttpMatchSpec[], own: readonly HttpMatchSpec[]): readonly HttpMatchSpec[] | undefined {
  if (root.length === 0) return own;
  if (own.length === 0) return root;
  const merged = own.map((entry) => root.filter((wider) => !excludes(wider, entry)).map((wider) => mergeMatch(wider, entry)));
  return merged.some((entries) => entries.length === 0) ? undefined : merged.flat();
}

function mergeMatch(root: HttpMatchSpec, own: HttpMatchSpec): HttpMatchSpec {
  const merged = { ...own };
  for (const field of ["uri", "scheme", "method", "authority"] as const) {
    const value = own[field] ?? root[field];
    if (value !== undefined) merged[field] = value;
  }
  return {
    ...merged,
    name: joinNames(root.name, own.name),
    headers: { ...root.headers, ...own.headers },
    withoutHeaders: { ...root.withoutHeaders, ...own.withoutHeaders },
    queryParams: { ...root.queryParams, ...own.queryParams },
    sourceLabels: { ...root.sourceLabels, ...own.sourceLabels },
    port: own.port || root.port,
    sourceNamespace: own.sourceNamespace || root.sourceNamespace,
    gateways: (own.gateways ?? []).length > 0 ? own.gateways : root.gateways,
  };
}

/** Can what the delegate asks for be no part of what the rule asks for? */
function excludes(root: HttpMatchSpec, own: HttpMatchSpec): boolean {
  const conditions = (["uri", "scheme", "method", "authority"] as const).map((field) => [root[field], own[field]] as const);
  const named = (["headers", "withoutHeaders", "queryParams"] as const).flatMap((field) =>
    Object.entries(own[field] ?? {}).map(([name, condition]) => [root[field]?.[name], condition] as const),
  );
  if ([...conditions, ...named].some(([wider, narrower]) => isConflict(wider, narrower))) return true;
  if ((root.ignoreUriCase ?? false) !== (own.ignoreUriCase ?? false)) return true;
  if ((root.port ?? 0) > 0 && (own.port ?? 0) > 0 && root.port !== own.port) return true;
  if ((root.sourceNamespace ?? "") !== "" && own.sourceNamespace !== root.sourceNamespace) return true;
  const isOtherLabel = ([key, value]: readonly [string, string]) =>
    root.sourceLabels?.[key] !== undefined && root.sourceLabels[key] !== value;
  if (Object.entries(own.sourceLabels ?? {}).some(isOtherLabel)) return true;
  const gateways = root.gateways ?? [];
  return gateways.length > 0 && (own.gateways ?? []).some((name) => !gateways.includes(name));
}

/** A regular expression excludes every other condition, since nobody can tell what it takes in. */
function isConflict(root: StringMatchSpec | undefined, own: StringMatchSpec | undefined): boolean {
  if (root === undefined || own === undefined) return false;
  const isAnything = ({ exact = "", prefix = "", regex = "" }: StringMatchSpec) => exact !== "" || prefix !== "" || regex !== "";
  if ((root.regex ?? "") !== "" && isAnything(own)) return true;
  if ((own.regex ?? "") !== "" && isAnything(root)) return true;
  if ((root.exact ?? "") !== "") return (own.prefix ?? "") !== "" || own.exact !== root.exact;
  const { prefix = "" } = root;
  const narrower = own.prefix || own.exact || "";
  return prefix === "" || narrower === "" || !narrower.startsWith(prefix);
}

/** The name of what two have made. */
export function joinNames(root = "", own = ""): string {
  return root === "" || own === "" ? root || own : `${root}-${own}`;
}
