export type WarningCode =
  | "jitter-reorders"
  | "delay-correlation"
  | "tiny-queue"
  | "queue-overflow"
  | "handshake-time"
  | "throughput"
  | "dns"
  | "loopback";

/** Something that a rule will do beside what it says. A code keeps its meaning from version to version; the message may change. */
export interface Warning {
  /** The rule's name. */
  readonly rule: string;
  readonly code: WarningCode;
  /** A sentence that begins with the rule's name and has the numbers. */
  readonly message: string;
}
