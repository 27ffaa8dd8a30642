/** `npm run cluster`: the cluster of these tests for a person, until Ctrl-C. */

import { findEnvoy } from "@puggle/local-envoy";
import { startCluster } from "./cluster/cluster.ts";
import { startNode } from "./node/node.ts";
import { findMissing, findMissingForNode } from "./requirements.ts";
import { buildTools } from "./tools/build.ts";

const missing = findMissing();
if (missing.length > 0) {
  console.error(`the cluster needs more than this machine has:\n${missing.map((line) => `  ${line}`).join("\n")}`);
  process.exit(1);
}

const started = Date.now();
const say = (message: string) => console.error(`${((Date.now() - started) / 1_000).toFixed(1).padStart(6)} s  ${message}`);
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
});

const tools = await buildTools(say);
const cluster = await startCluster(tools, { onProgress: say });
const missingForNode = findMissingForNode();
const node = missingForNode.length > 0 ? undefined : await startNode(cluster, { envoy: (await findEnvoy()).path, outside: "outside/" });
const aboutNode =
  node === undefined
    ? `It has no node, so that Deployments make Pods and nothing runs them. A node needs more than this machine has:
${missingForNode.map((line) => `  ${line}`).join("\n")}`
    : `Its node runs every Pod as processes of this machine: a container's command and arguments, in a network namespace of the Pod; images are not looked at.
Namespaces with the label istio-injection=enabled get sidecars. Names outside the cluster lead to the first Pod of the namespace "outside".`;
console.log(`The cluster is up; Ctrl-C ends it and removes all of it.

  export KUBECONFIG=${cluster.apiServer.kubeconfigPath}
  istioctl     ${tools.binaries.istioctl}
  sidecars     connect to ${cluster.istiod.discoveryAddress}, in plaintext
  istiod       ${cluster.istiod.debugUrl}/debug
  logs         ${cluster.folder}

${aboutNode}`);
// A terminal keeps the process alive, and so does this where there is none.
const keepAlive = setInterval(() => {}, 1 << 30);
await interrupted;
clearInterval(keepAlive);
await node?.stop();
await cluster.stop();
say("the cluster is gone");
