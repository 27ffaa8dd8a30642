import { isIP, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { http2 } from "../../http-modules.ts";

/** Where a session keeps what we know of it. */
const kPeer: unique symbol = Symbol.for("puggle.dev/propagation/v1/http2-peer");

/** A client session. */
export interface ClientSession {
  readonly closed: boolean;
  readonly destroyed: boolean;
  [kPeer]?: SessionPeer;
}

/** What does not change in the life of a session. */
export interface SessionPeer {
  /** The host that the session was opened for; `undefined` where it does not say. */
  readonly host: string | undefined;
  /** The host that its socket was opened to, where that is another one: `http2.connect` takes a `host` of its own. */
  readonly socketHost: string | undefined;
  /** Is it a session that undici opened? */
  readonly isUndici: boolean;
}

/**
 * A client session, made only for its prototype, which Node does not export. It waits for a socket to connect that is none.
 *
 * A stream or an emitter would do too, and would be one kind more for V8 to expect wherever such are made: all of the service's would be made more slowly.
 */
export function makeIdleSession(): object {
  const nowhere: object = { connecting: true, _handle: { isStreamBase: true }, on: () => nowhere, once: () => nowhere };
  return http2.connect("http://localhost", { createConnection: () => nowhere as Duplex });
}

/** Stands for an address that is not told before the connection is there: no host is spelled so, and none is a target. */
const UNTOLD = "?";

/** What a session is connected to, and by whom. */
export function peerOf(session: ClientSession): SessionPeer {
  const known = session[kPeer];
  if (known !== undefined) return known;
  const found = findPeer(session);
  // A connection that is not there yet tells more later.
  if (found.socketHost !== UNTOLD) session[kPeer] = found;
  return found;
}

function findPeer(session: object): SessionPeer {
  let host: string | undefined;
  let socket: unknown;
  let isUndici = false;
  for (const symbol of Object.getOwnPropertySymbols(session)) {
    const value: unknown = Reflect.get(session, symbol);
    // Node notes "host:port", and leaves IPv6 addresses without their brackets.
    if (symbol.description === "authority" && typeof value === "string") host = value.slice(0, value.lastIndexOf(":"));
    if (symbol.description === "socket") socket = value;
    // Undici, of every version, notes the client that the session is for.
    if (typeof value === "object" && value !== null && "dispatch" in value && typeof value.dispatch === "function") isUndici = true;
  }
  return { host, socketHost: host === undefined ? undefined : hostOfSocket(socket, host), isUndici };
}

/** Node notes on a socket the name that it looks up, and nothing where it was given an address; on one of TLS, the options. */
function hostOfSocket(socket: unknown, host: string): string | undefined {
  if (!(socket instanceof Socket)) return undefined;
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "connect-options");
  const options = key === undefined ? undefined : (Reflect.get(socket, key) as { readonly host?: unknown } | undefined);
  const name: unknown = options?.host ?? Reflect.get(socket, "_host");
  if (typeof name === "string") return name === host ? undefined : name;
  if (isIP(host) !== 0 && socket.connecting) return undefined;
  return socket.remoteAddress ?? (socket.connecting ? UNTOLD : undefined);
}
