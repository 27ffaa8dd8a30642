/**
 * What keeps emulation from a network namespace. A code keeps its meaning from version to version; the message may change.
 *
 * - `no-namespace`: there is no such process, container or file
 * - `own-namespace`: it is the host's own network, which is never touched
 * - `no-device`: it has no such device
 * - `foreign-qdisc`: somebody else's queueing discipline or filter is where ours belong
 * - `unsupported`: kernel or tools lack what the spec needs; the message names what to install
 * - `missing-tool`: `tc`, `ip`, `ipset` or `nsenter` can not be started
 * - `tool-ended`: one of them ended while it was needed; the next turn starts it again
 * - `refused`: the kernel refused a change
 * - `gone`: the namespace went away
 * - `held`: another engine looks after this namespace
 */
export type KernelErrorCode =
  | "no-namespace"
  | "own-namespace"
  | "no-device"
  | "foreign-qdisc"
  | "unsupported"
  | "missing-tool"
  | "tool-ended"
  | "refused"
  | "gone"
  | "held";

/** Thrown where a network namespace can not be emulated in as asked. */
export class KernelError extends Error {
  readonly code: KernelErrorCode;

  constructor(code: KernelErrorCode, message: string) {
    super(message);
    this.name = "KernelError";
    this.code = code;
  }
}
