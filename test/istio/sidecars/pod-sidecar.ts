import { type RunningEnvoy, startEnvoy } from "@puggle/local-envoy";
import { type Address, FROM_ADS, grpcCluster, meshBootstrap, nodeId, type ProxyIdentity, socketAddress } from "./bootstrap.ts";

/** What istiod tells sidecars that their certificates come from. */
const SECRETS = "sds-grpc";
/** Its connections are not redirected to itself again. */
export const SIDECAR_GROUP = 1337;
const ADMIN_PORT = 15_000;

export interface PodSidecarOptions extends ProxyIdentity {
  readonly binary: string;
  /** Where istiod is, seen from the pod. */
  readonly istiod: Address;
  /** Where it gets certificates, seen from the pod; `undefined` where it needs none. */
  readonly secrets: Address | undefined;
  /** The command that runs another in the pod's network namespace. */
  readonly launcher: readonly string[];
  readonly folder: string;
}

/**
 * A stock Envoy in a pod's network namespace that gets all its configuration from istiod, listeners and filters too, and through which all connections of the
 * pod go.
 */
export function startPodSidecar(options: PodSidecarOptions): Promise<RunningEnvoy> {
  const { binary, folder } = options;
  const launcher = [...options.launcher, "setpriv", "--regid", `${SIDECAR_GROUP}`, "--clear-groups"];
  return startEnvoy({ binary, launcher, folder, name: nodeId(options), config: { text: JSON.stringify(bootstrap(options)) } });
}

function bootstrap({ istiod, secrets, ...identity }: PodSidecarOptions) {
  const common = meshBootstrap(identity, istiod, { INTERCEPTION_MODE: "REDIRECT" });
  return {
    ...common,
    admin: { address: socketAddress({ host: identity.address, port: ADMIN_PORT }) },
    dynamic_resources: { ...common.dynamic_resources, lds_config: FROM_ADS },
    static_resources: {
      clusters: [...common.static_resources.clusters, ...(secrets === undefined ? [] : [grpcCluster(SECRETS, secrets)])],
    },
    stats_config: STATISTICS,
  };
}

/** Those that Istio's own sidecars keep; all that Envoy could keep would take several times the memory. */
const STATISTICS = {
  use_all_default_tags: false,
  stats_matcher: {
    inclusion_list: {
      patterns: [
        ...["cluster_manager", "listener_manager", "server", "cluster.xds-grpc", "wasm", "component", "istio", "reporter="].map(
          (prefix) => ({ prefix }),
        ),
        ...["rbac.allowed", "rbac.denied", "shadow_allowed", "shadow_denied", "downstream_cx_active"].map((suffix) => ({ suffix })),
        { safe_regex: { regex: "vhost\\..*\\.route\\..*" } },
      ],
    },
  },
};
