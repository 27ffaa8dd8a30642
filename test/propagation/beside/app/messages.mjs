import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { currentVirtualCluster, runInVirtualCluster } from "@puggle/propagation";

const nameOf = () => currentVirtualCluster() ?? "none";

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  const answer = new Promise((resolve) => {
    worker.once("message", (inWorker) => resolve({ inWorker, inMain: nameOf() }));
  });
  runInVirtualCluster("vc-1", () => worker.postMessage("work"));
  console.log(JSON.stringify(await answer));
  await worker.terminate();
} else {
  parentPort.once("message", () => {
    const received = nameOf();
    runInVirtualCluster("vc-2", () => parentPort.postMessage(received));
  });
}
