/** What host and agent say to each other, in JSON. */

export interface StartMessage {
  readonly type: "start";
  /** Names the process in all that is said about it later. */
  readonly id: number;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder?: string;
  /** What it can read; nothing when left out. */
  readonly input?: string;
}

export interface SignalMessage {
  readonly type: "signal";
  readonly id: number;
  readonly signal: NodeJS.Signals;
  /** Also to what it started? */
  readonly isForGroup: boolean;
}

/** From the host to the agent in that kernel, by its inbox. */
export type ToAgent = StartMessage | SignalMessage;

interface EndMessage {
  readonly type: "end";
  readonly id: number;
  /** 128 and the signal's number where a signal ended it, as shells say it. */
  readonly code: number;
}

export type ProcessMessage =
  | { readonly type: "started"; readonly id: number; readonly pid: number }
  | { readonly type: "refused"; readonly id: number; readonly reason: string }
  | { readonly type: "output"; readonly id: number; readonly stream: "stdout" | "stderr"; readonly text: string }
  | EndMessage;

/** From the agent to the host, over the serial line. */
export type FromAgent = { readonly type: "ready" } | ProcessMessage;
