import type { ServerKind } from "../servers/servers.ts";

/** What the contract checks of every way, see `contract/`. */
export type CheckName =
  | "concurrent"
  | "keep-alive"
  | "pipelining"
  | "streamed body"
  | "abort"
  | "events of an abort"
  | "redirect to a target"
  | "redirect to another host"
  | "another host"
  | "own header"
  | "headers unchanged"
  | "once";

/** One way for a service to call another. */
export interface WayOut {
  /** Such as `undici request`. */
  readonly name: string;
  /** The package that has it, as the tests install it, such as `undici6`; `undefined` for what Node.js has built in. */
  readonly package?: string;
  /** The first Node.js that has it, where neither all do nor the package's own `engines` tell. */
  readonly since?: string;
  /** The servers that it can talk to. */
  readonly server: ServerKind;
  /** The checks that do not exist for it, and why. */
  readonly cannot: Readonly<Partial<Record<CheckName, string>>>;
  /** Makes a client ready. It is cheap: the package is loaded here and not before. */
  open(): Promise<OpenedWay>;
}

/** A client that is ready. */
export interface OpenedWay {
  /** Sends one request and gives the text of its answer. */
  send(url: string, options?: SendOptions): Promise<string>;
  close(): Promise<void>;
}

export interface SendOptions {
  /** Handed to the client as it is, wherever the client takes an object. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** A streamed body; sent with `POST`. */
  readonly body?: AsyncIterable<Uint8Array>;
  /** Called in the listeners of the events that the client gives to its user. */
  readonly note?: (event: string) => void;
}

/** Reasons that more than one way has. */
export const reasons = {
  sequential: "sends one request at a time on a connection",
  noRedirects: "follows no redirects",
  noBody: "has no body",
  noSignal: "takes no signal",
  abortedElsewhere: "its `error` event runs in the code that aborts",
  ownConnection: "has a connection of its own for each request",
} as const;

/** Notes events of an emitter as they come. */
export function noteEvents(
  emitter: { on(event: string, listener: () => void): unknown },
  prefix: string,
  events: readonly string[],
  note: ((event: string) => void) | undefined,
): void {
  if (note === undefined) return;
  for (const event of events) emitter.on(event, () => note(`${prefix} ${event}`));
}
