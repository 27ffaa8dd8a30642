import { VIRTUAL_CLUSTER_HEADER } from "@puggle/model/grammar";
import { z } from "zod";
import { readStampScript, STAMP_FILTER_NAME } from "../istio/header-stamp.ts";
import { ROOT_NAMESPACE } from "./compilation.ts";
import type { EnvoyFilter, RoutingResources } from "./istio-resources.ts";
import type { HeaderStamp, MeshProxy, RemovedHeader, Unread } from "./table.ts";

const stampValue = z.looseObject({
  name: z.literal(STAMP_FILTER_NAME),
  typed_config: z.looseObject({ default_source_code: z.looseObject({ inline_string: z.string() }) }),
});
const removalValue = z.strictObject({ request_headers_to_remove: z.array(z.string()) });

export interface FilterEffects {
  readonly stamp: HeaderStamp | undefined;
  /** By the name of the virtual host; `undefined` stands for all of them. */
  readonly removals: ReadonlyMap<string | undefined, readonly RemovedHeader[]>;
}

/** What the EnvoyFilters that apply to a proxy do to its routing, as far as Puggle writes such filters itself. */
export function readEnvoyFilters(resources: RoutingResources, proxy: MeshProxy, unread: Unread[]): FilterEffects {
  let stamp: HeaderStamp | undefined;
  const removals = new Map<string | undefined, RemovedHeader[]>();
  for (const filter of resources.envoyFilters) {
    if (!appliesTo(filter, proxy)) continue;
    filter.spec.configPatches.forEach((configPatch, index) => {
      const { applyTo, match, patch } = configPatch;
      const isForProxy = match?.context === undefined || match.context === "ANY" || match.context === contextOf(proxy);
      if (!isForProxy) return;
      const source = filter.reference;
      const script = stampValue.safeParse(patch.value).data?.typed_config.default_source_code.inline_string;
      const value = script === undefined ? undefined : readStampScript(script);
      if (applyTo === "HTTP_FILTER" && value !== undefined) {
        stamp ??= { header: VIRTUAL_CLUSTER_HEADER, value, source };
        return;
      }
      const removed = removalValue.safeParse(patch.value).data?.request_headers_to_remove;
      if (applyTo === "VIRTUAL_HOST" && patch.operation === "MERGE" && removed !== undefined) {
        const name = match?.routeConfiguration?.vhost?.name;
        removals.set(name, [...(removals.get(name) ?? []), ...removed.map((header) => ({ header: header.toLowerCase(), source }))]);
        return;
      }
      unread.push({ resource: source, field: `spec.configPatches.${index}`, why: `a ${applyTo} patch that Puggle did not write` });
    });
  }
  return { stamp, removals };
}

function contextOf(proxy: MeshProxy): string {
  return proxy.kind === "gateway" ? "GATEWAY" : "SIDECAR_OUTBOUND";
}

function appliesTo({ reference, spec }: EnvoyFilter, proxy: MeshProxy): boolean {
  if (reference.namespace !== proxy.namespace && reference.namespace !== ROOT_NAMESPACE) return false;
  return Object.entries(spec.workloadSelector?.labels ?? {}).every(([key, value]) => proxy.labels[key] === value);
}
