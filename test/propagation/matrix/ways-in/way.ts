import type { Service } from "./service.ts";

/** The names of the contract's checks. */
export type Check =
  | "life of a request"
  | "streamed body"
  | "parsed body"
  | "streamed answer"
  | "pipelining"
  | "kept-alive connection"
  | "client abort"
  | "error handler"
  | "outbound calls"
  | "the process's own virtual cluster"
  | "nothing is left in flight";

/** A service that runs, on loopback. */
export interface Opened {
  readonly port: number;
  /** How a client speaks to it. */
  readonly protocol: "http" | "https" | "h2c" | "h2";
  close(): Promise<unknown>;
}

/** One way for requests to come into a service. */
export interface WayIn {
  readonly way: string;
  /** The version of the framework; none for what is Node's own. */
  readonly version: string;
  /** By the preload, or by the adapter of this library, with the server hook off. */
  readonly by: "preload" | "adapter";
  /** The checks that do not exist for this way, and why. */
  readonly cannot: Partial<Record<Check, string>>;
  open(service: Service): Promise<Opened>;
}

/** A way in that speaks something else than requests and answers, and so has a contract of its own. */
export interface OtherWayIn extends Pick<WayIn, "way" | "version" | "by"> {
  /** Does all its checks; the result is by their names. */
  check(): Promise<Record<string, Outcome>>;
}

/** What came of a check. */
export type Outcome = "ok" | { readonly cannot: string } | { readonly failed: string };
