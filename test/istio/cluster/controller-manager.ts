import { freePorts } from "@puggle/local-envoy";
import { Agent, request } from "undici";
import type { ApiServer } from "./api-server.ts";
import { type Daemon, startDaemon } from "./daemon.ts";

/** What makes Pods of Deployments, EndpointSlices of Pods, and clears away what is deleted. */
const CONTROLLERS = ["deployment", "replicaset", "statefulset", "daemonset", "job", "endpointslice", "namespace", "garbagecollector"];

export async function startControllerManager(binary: string, apiServer: ApiServer, folder: string): Promise<Daemon> {
  const [port] = await freePorts(1);
  return startDaemon({
    name: "kube-controller-manager",
    command: binary,
    arguments: [
      ...["--kubeconfig", apiServer.kubeconfigPath, "--leader-elect=false", "--bind-address", "127.0.0.1", "--secure-port", `${port}`],
      ...["--service-account-private-key-file", apiServer.serviceAccountKeyPath, "--controllers", CONTROLLERS.join(",")],
      ...["--endpointslice-updates-batch-period", "20ms", "--kube-api-qps", "500", "--kube-api-burst", "1000"],
    ],
    folder,
    isReady: async () => {
      // Its certificate is made when it starts, and kept in memory; nothing is told to it here.
      const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
      const { statusCode, body } = await request(`https://127.0.0.1:${port}/healthz`, { dispatcher });
      await body.dump();
      await dispatcher.destroy();
      return statusCode === 200;
    },
  });
}
