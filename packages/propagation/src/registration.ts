import { PropagationError } from "./errors.ts";
import { installHttp2ServerHooks } from "./inbound/http2/servers.ts";
import { installServerHooks } from "./inbound/servers.ts";
import { isInert } from "./inert.ts";
import { installGrpcHooks, instrumentGrpc as instrumentGrpcModule } from "./outbound/grpc/copies.ts";
import { installNodeHttpHooks } from "./outbound/http/requests.ts";
import { installHttp2ClientHooks } from "./outbound/http2/requests.ts";
import { subscribeToUndiciConnections } from "./outbound/undici/connections.ts";
import { instrumentUndiciCopies, instrumentUndiciModule } from "./outbound/undici/copies.ts";
import { subscribeToUndiciRequests } from "./outbound/undici/requests.ts";
import { processState } from "./process-state.ts";
import { mergeSettings, type RegisterOptions } from "./settings.ts";
import { showTicksWithScope } from "./ticks.ts";

/** What is in force after `register()`. */
export interface Registration {
  /** Are names taken from inbound requests by the server hook? */
  readonly inbound: boolean;
  /** Are names written on outbound requests? */
  readonly outbound: boolean;
  /** The hosts that may receive the header. */
  readonly targets: readonly string[];
  /** Same as {@link unregister}. */
  unregister(): void;
}

/**
 * Switches propagation on for this process: names are taken from inbound requests, and written on the outbound requests that
 * these cause.
 *
 * Hooks are installed once a process. A second call, also through another copy of the library, changes the options that it
 * names and leaves the others. With the environment variable `PUGGLE_PROPAGATION=off` it does nothing; on a Node.js before 20.19 it
 * says so in one line, and does nothing.
 *
 * @throws {@link PropagationError} `PUGGLE_INVALID_OPTION` `PUGGLE_INVALID_NAME` or `PUGGLE_INVALID_TARGET` for options that can not be meant.
 *
 * @example
 * ```ts
 * import { defaultTargets, register } from "@puggle/propagation";
 *
 * register({ targets: [...defaultTargets, "*.staging.example.com"] });
 * ```
 */
export function register(options: RegisterOptions = {}): Registration {
  const settings = mergeSettings(options, processState.settings, process.env);
  if (isInert()) return { inbound: false, outbound: false, targets: settings.targets, unregister };
  processState.settings = settings;
  const { virtualCluster } = settings;
  processState.outside = virtualCluster === undefined ? processState.nowhere : { name: virtualCluster, token: undefined };
  showTicksWithScope();
  if (settings.inbound) install("the inbound hooks", installInboundHooks);
  if (settings.outbound) install("the outbound hooks", installClientHooks);
  return { inbound: settings.inbound, outbound: settings.outbound, targets: settings.targets, unregister };
}

/** Switches propagation off: nothing is read or written from now on. The hooks stay, and let everything pass. */
export function unregister(): void {
  processState.settings = undefined;
  processState.outside = processState.nowhere;
}

/**
 * Makes a copy of undici known that `register()` can not find by itself: one inside a bundle, or one that Jest loads. Without
 * this, its requests carry no name, and count as withheld for their `uncertain-origin`.
 *
 * @param exports - the exports of undici 6, 7 or 8.
 * @throws {@link PropagationError} `PUGGLE_NOT_UNDICI` where these are not the exports of undici.
 *
 * @example
 * ```ts
 * import { instrumentUndici } from "@puggle/propagation";
 * import * as undici from "undici";
 *
 * instrumentUndici(undici);
 * ```
 */
export function instrumentUndici(exports: unknown): void {
  // Bundlers make exports of getters.
  if ((processState.instrumentUndici ?? instrumentUndiciModule)({ ...(exports as object) })) return;
  throw new PropagationError(
    "PUGGLE_NOT_UNDICI",
    "instrumentUndici() takes the exports of undici 6, 7 or 8, and these have no Client, Agent and Dispatcher of theirs",
  );
}

/**
 * Makes a copy of `@grpc/grpc-js` known that `register()` can not find by itself: one inside a bundle, or one that Jest loads. Without this,
 * its calls carry no name, and count as withheld for their `uncertain-origin`.
 *
 * @param exports - the exports of `@grpc/grpc-js` 1.x.
 * @throws {@link PropagationError} `PUGGLE_NOT_GRPC` where these are not the exports of gRPC.
 *
 * @example
 * ```ts
 * import * as grpc from "@grpc/grpc-js";
 * import { instrumentGrpc } from "@puggle/propagation";
 *
 * instrumentGrpc(grpc);
 * ```
 */
export function instrumentGrpc(exports: unknown): void {
  if (instrumentGrpcModule(exports)) return;
  throw new PropagationError("PUGGLE_NOT_GRPC", "instrumentGrpc() takes the exports of @grpc/grpc-js, and these have no Channel of its");
}

/** A service starts whatever this library meets in its process; what it can not do it says. */
function install(what: string, hooks: () => void): void {
  try {
    hooks();
  } catch (error) {
    processState.counters.failures += 1;
    process.emitWarning(`${what} are not complete: ${error}`, { type: "PuggleWarning", code: "PUGGLE_HOOKS_INCOMPLETE" });
  }
}

function installInboundHooks(): void {
  installServerHooks();
  installHttp2ServerHooks();
}

function installClientHooks(): void {
  if (processState.hooks.clients) return;
  processState.hooks.clients = true;
  processState.instrumentUndici = instrumentUndiciModule;
  installNodeHttpHooks();
  installHttp2ClientHooks();
  installGrpcHooks();
  subscribeToUndiciRequests();
  subscribeToUndiciConnections();
  instrumentUndiciCopies();
}
