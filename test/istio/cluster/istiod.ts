import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePorts } from "@puggle/local-envoy";
import type { ApiServer } from "./api-server.ts";
import { answers, type Daemon, startDaemon } from "./daemon.ts";

export const ISTIO_VERSION = "1.31.1";

/** What the stock Envoy can do: none of Istio's own filters. */
const MESH = {
  accessLogFile: "",
  rootNamespace: "istio-system",
  trustDomain: "cluster.local",
  outboundTrafficPolicy: { mode: "ALLOW_ANY" },
};

export interface Istiod extends Daemon {
  /** Where sidecars get their configuration, in plaintext: `127.0.0.1:<port>`. */
  readonly discoveryAddress: string;
  readonly discoveryPort: number;
  /** Its debug interface. */
  readonly debugUrl: string;
}

/** Istio's control plane against an API server that has its CRDs. */
export async function startIstiod(binary: string, apiServer: ApiServer, folder: string, hasMutualTls: boolean): Promise<Istiod> {
  const [discoveryPort = 0, http, monitoring, introspection] = await freePorts(4);
  const discoveryAddress = `127.0.0.1:${discoveryPort}`;
  const meshPath = join(folder, "mesh-config.yaml");
  await writeFile(meshPath, JSON.stringify({ ...MESH, enableAutoMtls: hasMutualTls, defaultConfig: { discoveryAddress } }));
  const debugUrl = `http://127.0.0.1:${http}`;
  const daemon = await startDaemon({
    name: "istiod",
    command: binary,
    arguments: [
      ...["discovery", "--kubeconfig", apiServer.kubeconfigPath, "--meshConfig", meshPath],
      ...["--grpcAddr", discoveryAddress, "--httpAddr", `127.0.0.1:${http}`, "--monitoringAddr", `127.0.0.1:${monitoring}`],
      ...["--httpsAddr", "", "--secureGRPCAddr", "", "--ctrlz_port", `${introspection}`],
    ],
    environment: {
      PILOT_ENABLE_METADATA_EXCHANGE: "false",
      PILOT_ENABLE_ALPN_FILTER: "false",
      PILOT_CERT_PROVIDER: "none",
      ENABLE_CA_SERVER: "false",
      INJECTION_WEBHOOK_CONFIG_NAME: "",
      VALIDATION_WEBHOOK_CONFIG_NAME: "",
      // A change is sent at once, and not after the 100 ms in which others may follow.
      PILOT_DEBOUNCE_AFTER: "20ms",
      POD_NAMESPACE: "istio-system",
      POD_NAME: "istiod",
    },
    folder,
    isReady: () => answers(`${debugUrl}/ready`),
  });
  return { ...daemon, discoveryAddress, discoveryPort, debugUrl };
}
