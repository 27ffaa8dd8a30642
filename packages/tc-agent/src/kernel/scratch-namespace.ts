import { type ChildProcess, spawn } from "node:child_process";
import { KernelError } from "./kernel-error.ts";
import { type NetworkNamespace, namespaceOfProcess } from "./network-namespace.ts";

/** A network namespace of nobody's, in which kernels can be asked what they do. It ends with {@link ScratchNamespace.close}, or with this process. */
export class ScratchNamespace {
  readonly namespace: NetworkNamespace;
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess, namespace: NetworkNamespace) {
    this.#holder = holder;
    this.namespace = namespace;
  }

  static async open(): Promise<ScratchNamespace> {
    // It reads until we close its input or end.
    const holder = spawn("unshare", ["--net", "sh", "-c", "echo ready; read line"], { stdio: ["pipe", "pipe", "ignore"] });
    await new Promise((resolve, reject) => {
      holder.stdout.once("data", resolve);
      holder.once("error", () => reject(new KernelError("missing-tool", "unshare can not be started; install the package util-linux")));
      holder.once("close", () => reject(new KernelError("unsupported", "no network namespace can be made: that takes root")));
    });
    if (holder.pid === undefined) throw new KernelError("unsupported", "no network namespace can be made");
    return new ScratchNamespace(holder, namespaceOfProcess(holder.pid));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#holder.once("close", resolve));
    this.#holder.stdin?.end();
    await closed;
  }
}
