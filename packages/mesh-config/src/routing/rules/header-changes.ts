import type { HeaderChanges, HeaderWrite } from "../table.ts";
import type { HeadersSpec } from "./schema.ts";

export const NO_HEADER_CHANGES: HeaderChanges = { request: { written: [], removed: [] }, response: { written: [], removed: [] } };

/** What a rule or a destination does to headers, and the authority that it sets, which Envoy takes from elsewhere. */
export function compileHeaderChanges(spec: HeadersSpec | undefined): { readonly changes: HeaderChanges; readonly authority: string } {
  const { request, response } = spec ?? {};
  return {
    changes: {
      request: { written: writes(request), removed: (request?.remove ?? []).filter(isOrdinary) },
      response: { written: writes(response), removed: (response?.remove ?? []).filter(isOrdinary) },
    },
    authority: authorityOf(request?.set) || authorityOf(request?.add),
  };
}

/** First those of the rule, then those of its only destination. */
export function joinHeaderChanges(first: HeaderChanges, second: HeaderChanges): HeaderChanges {
  const join = (side: "request" | "response") => ({
    written: [...first[side].written, ...second[side].written],
    removed: [...first[side].removed, ...second[side].removed],
  });
  return { request: join("request"), response: join("response") };
}

function writes(operations: NonNullable<HeadersSpec["request"]> | undefined): readonly HeaderWrite[] {
  return [...sorted(operations?.set, false), ...sorted(operations?.add, true)];
}

function sorted(values: Readonly<Record<string, string>> | undefined, isAppended: boolean): readonly HeaderWrite[] {
  return Object.entries(values ?? {})
    .filter(([name]) => isOrdinary(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value, isAppended }));
}

function isOrdinary(name: string): boolean {
  return !name.startsWith(":") && name.toLowerCase() !== "host";
}

function authorityOf(values: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(values ?? {}).find(([name]) => [":authority", "host"].includes(name.toLowerCase()))?.[1] ?? "";
}
