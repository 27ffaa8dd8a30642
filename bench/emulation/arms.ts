/** What is timed, and what is told of it. */
export const ARMS = ["nothing", "rate", "rule", "tc", "tc-again"] as const;
export type Arm = (typeof ARMS)[number];

/** Of what, and how often. */
export interface Size {
  readonly namespaces: number;
  readonly rules: number;
  readonly rounds: number;
}

export interface Timed {
  /** From the change of all namespaces' specs to the last one's changed kernel, by round. */
  readonly milliseconds: Readonly<Record<Arm, readonly number[]>>;
  /** The first time: tools are started, devices get their hooks and leaves are made. */
  readonly first: number;
  /** Resident memory of this process before there was an engine, and with all of them, in bytes. */
  readonly before: number;
  readonly own: number;
  /** Resident memory of the tools that engines keep, as the sum of what each has for itself and its share of the rest. */
  readonly tools: number;
  readonly processes: number;
}
