import { join } from "node:path";
import { freePorts } from "@puggle/local-envoy";
import { answers, type Daemon, startDaemon } from "./daemon.ts";

/** Debian's etcd, which forgets everything when the folder goes. */
export async function startEtcd(folder: string): Promise<Daemon & { readonly url: string }> {
  const [client, peer] = await freePorts(2);
  const url = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const daemon = await startDaemon({
    name: "etcd",
    command: "etcd",
    arguments: [
      ...["--data-dir", join(folder, "etcd"), "--unsafe-no-fsync"],
      ...["--listen-client-urls", url, "--advertise-client-urls", url],
      ...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl, "--initial-cluster", `default=${peerUrl}`],
    ],
    folder,
    isReady: () => answers(`${url}/health`),
  });
  return { ...daemon, url };
}
