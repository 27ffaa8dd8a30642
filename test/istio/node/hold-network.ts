/** Makes a network with two pods, says so, and holds it until it is ended. */

import { makePodNetwork } from "./pod-network.ts";

const network = await makePodNetwork();
for (const isRedirected of [true, false]) await network.addPod({ searchDomains: ["cluster.local"], isRedirected });
console.log("made");
process.once("SIGTERM", async () => {
  await network.stop();
  process.exit();
});
setInterval(() => undefined, 1 << 30);
