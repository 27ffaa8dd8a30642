import {
  type Carrier,
  prepareArgument,
  prepareAsyncLocalStorage,
  prepareBridgedClsHooked,
  prepareClsHooked,
  prepareExpressHttpContext,
  prepareHpropagate,
  prepareNothing,
  prepareOpenTelemetry,
  prepareOpenTelemetryWithSpans,
  preparePuggle,
  preparePuggleMiddleware,
} from "./carriers.ts";

/** What a service makes its outbound calls with. */
export type Client = "undici" | "node:http";

/** One way to carry the name through a service. */
export interface Arm {
  readonly name: string;
  readonly what: string;
  /** Runs before Express and the client are loaded; gives what the service adds to itself. */
  readonly prepare: () => Carrier;
  /** What the process is started with. */
  readonly execArgv?: readonly string[];
  readonly client: Client;
  /** The header by which requests with a name carry it. */
  readonly carriedIn: "virtual-cluster-name" | "baggage";
  /**
   * How the name gets on outbound calls: not at all, by code of the service at each of them, or by the library for all of them.
   */
  readonly passesOn: "not" | "by-hand" | "by-itself";
  /** Does it all that carrying a name is about, as `test/propagation/other-ways` tries it? */
  readonly doesTheJob: boolean;
  /** Is it this library alone? */
  readonly isOurs: boolean;
  /** Is it one that says how far figures of the same thing are apart? */
  readonly isControl: boolean;
}

type Row = readonly [name: string, passesOn: Arm["passesOn"], prepare: () => Carrier, what: string, more?: Partial<Arm>];

const PRELOAD = ["--import", import.meta.resolve("@puggle/propagation/register")];

const OURS = { isOurs: true, doesTheJob: true };

const ROWS: readonly Row[] = [
  ["bare", "not", prepareNothing, "nothing"],
  ["bare-again", "not", prepareNothing, "nothing, as the control", { isControl: true }],
  ["puggle", "by-itself", preparePuggle, "@puggle/propagation, register() in code", OURS],
  ["puggle-preload", "by-itself", prepareNothing, "@puggle/propagation, --import", { ...OURS, execArgv: PRELOAD }],
  ["puggle-express", "by-itself", preparePuggleMiddleware, "@puggle/propagation, its Express middleware", OURS],
  ["argument", "by-hand", prepareArgument, "the name handed on as an argument, no context, the header set by hand"],
  ["als", "by-hand", prepareAsyncLocalStorage, "AsyncLocalStorage in a middleware, the header set by hand"],
  ["express-context", "by-hand", prepareExpressHttpContext, "express-http-context, the header set by hand"],
  ["cls-hooked", "by-hand", prepareClsHooked, "a cls-hooked namespace in a middleware, the header set by hand"],
  ["cls-bridged", "by-itself", prepareBridgedClsHooked, "such a namespace, bridged to @puggle/propagation", { doesTheJob: true }],
  ["otel", "by-itself", prepareOpenTelemetry, "sdk-node, http and undici instrumentation, baggage, no spans", { carriedIn: "baggage" }],
  ["otel-spans", "by-itself", prepareOpenTelemetryWithSpans, "the same, with spans that an exporter drops", { carriedIn: "baggage" }],
  ["bare-http", "not", prepareNothing, "nothing, calls by node:http", { client: "node:http" }],
  ["puggle-http", "by-itself", preparePuggle, "@puggle/propagation, calls by node:http", { ...OURS, client: "node:http" }],
  ["hpropagate", "by-itself", prepareHpropagate, "hpropagate, calls by node:http", { client: "node:http" }],
];

export const ARMS: readonly Arm[] = ROWS.map(([name, passesOn, prepare, what, more]) => ({
  name,
  passesOn,
  prepare,
  what,
  client: "undici",
  carriedIn: "virtual-cluster-name",
  doesTheJob: false,
  isOurs: false,
  isControl: false,
  ...more,
}));

const REFERENCES = ["bare", "bare-http"];

/** The arm that an arm's cost is held against; `undefined` for those that are such an arm. */
export function referenceOf(name: string): Arm | undefined {
  const arm = ARMS.find((each) => each.name === name);
  if (arm === undefined || REFERENCES.includes(name)) return undefined;
  return ARMS.find((each) => REFERENCES.includes(each.name) && each.client === arm.client);
}
