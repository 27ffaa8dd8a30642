import type { Cors } from "../table.ts";
import { toMilliseconds } from "./durations.ts";
import { compileStringMatch } from "./matches.ts";
import type { HttpRuleSpec } from "./schema.ts";

export function compileCors(spec: HttpRuleSpec["corsPolicy"]): Cors | undefined {
  if (spec === undefined) return undefined;
  const origins = spec.allowOrigins ?? (spec.allowOrigin ?? []).map((exact) => ({ exact }));
  return {
    origins: origins.map(compileStringMatch).filter((match) => match !== undefined),
    methods: (spec.allowMethods ?? []).join(","),
    headers: (spec.allowHeaders ?? []).join(","),
    exposedHeaders: (spec.exposeHeaders ?? []).join(","),
    maxAgeSeconds: spec.maxAge === undefined ? undefined : Math.trunc(toMilliseconds(spec.maxAge) / 1_000),
    allowsCredentials: spec.allowCredentials,
    forwardsUnmatchedPreflights: spec.unmatchedPreflights !== "IGNORE",
  };
}
