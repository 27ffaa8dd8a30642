import { VIRTUAL_CLUSTER_HEADER } from "@puggle/model/grammar";
import { MANAGED_BY, MANAGED_BY_LABEL, SERVICE_LABEL, VIRTUAL_CLUSTER_LABEL } from "../kubernetes/labels.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { memberName } from "./names.ts";

/** The name of the HTTP filter that stamps the header. It is nobody else's, so that no other EnvoyFilter touches it by chance. */
export const STAMP_FILTER_NAME = "puggle.dev.virtual-cluster-stamp";

const HTTP_CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager";
const LUA_TYPE = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua";

/**
 * The Lua that puts a name on a request which has none. A request that carries a name already, be it this one or another, is left as it is: the name
 * belongs to the request, not to the process that it passes through.
 *
 * Envoy's Lua filter clears the route cache when it changes a header, so the request is routed by what is stamped here.
 */
function stampScript(virtualCluster: string): string {
  return `function envoy_on_request(handle)
  local headers = handle:headers()
  if headers:get("${VIRTUAL_CLUSTER_HEADER}") == nil then
    headers:add("${VIRTUAL_CLUSTER_HEADER}", "${virtualCluster}")
  end
end
`;
}

/** The name that a script made by {@link stampScript} stamps; `undefined` where the script is any other. */
export function readStampScript(script: string): string | undefined {
  const name = /:add\("[^"]+", "([a-z0-9-]+)"\)/.exec(script)?.[1];
  return name !== undefined && stampScript(name) === script ? name : undefined;
}

/** The stamping filter as Envoy takes it. */
export function stampFilter(virtualCluster: string) {
  return {
    name: STAMP_FILTER_NAME,
    typed_config: { "@type": LUA_TYPE, default_source_code: { inline_string: stampScript(virtualCluster) } },
  };
}

/** By which of Istio's resources the stamp is put into a member's sidecar. */
export type StampKind = "EnvoyFilter" | "TrafficExtension";

export const STAMP_KINDS: readonly StampKind[] = ["EnvoyFilter", "TrafficExtension"];

/** Before all that others put in: the highest comes first. */
const FIRST_PRIORITY = 2_147_483_647;

/**
 * Stamps what a member sends, so that its crons and consumers, which no request started, stay inside the virtual cluster.
 *
 * First in the chain: a fault or CORS filter before it would already have acted for the route of the request without a header.
 */
export function buildHeaderStamp(
  service: { readonly name: string; readonly namespace: string },
  virtualCluster: string,
  kind: StampKind = "EnvoyFilter",
): KubernetesResource {
  const metadata = {
    name: memberName(service.name, { name: virtualCluster }),
    namespace: service.namespace,
    labels: { [MANAGED_BY_LABEL]: MANAGED_BY, [VIRTUAL_CLUSTER_LABEL]: virtualCluster },
  };
  const pods = { [SERVICE_LABEL]: service.name, [VIRTUAL_CLUSTER_LABEL]: virtualCluster };
  if (kind === "TrafficExtension") {
    return {
      apiVersion: "extensions.istio.io/v1alpha1",
      kind,
      metadata,
      spec: {
        selector: { matchLabels: pods },
        match: [{ mode: "CLIENT" }],
        phase: "AUTHN",
        priority: FIRST_PRIORITY,
        lua: { inlineCode: stampScript(virtualCluster) },
      },
    };
  }
  return {
    apiVersion: "networking.istio.io/v1alpha3",
    kind,
    metadata,
    spec: {
      workloadSelector: { labels: pods },
      configPatches: [
        {
          applyTo: "HTTP_FILTER",
          match: { context: "SIDECAR_OUTBOUND", listener: { filterChain: { filter: { name: HTTP_CONNECTION_MANAGER } } } },
          patch: { operation: "INSERT_FIRST", value: stampFilter(virtualCluster) },
        },
      ],
    },
  };
}
