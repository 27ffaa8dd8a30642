import { Duplex } from "node:stream";
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
  /** Is it a session that undici opened? */
  readonly isUndici: boolean;
}

/**
 * A client session, made only for its prototype, which Node does not export: over a stream that leads nowhere, and gone before anything
 * is written.
 */
export function makeIdleSession(): object {
  const nowhere = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const session = http2.connect("http://localhost", { createConnection: () => nowhere });
  session.on("error", () => {});
  session.destroy();
  return session;
}

/** What a session is connected to, and by whom. */
export function peerOf(session: ClientSession): SessionPeer {
  const known = session[kPeer];
  if (known !== undefined) return known;
  const found = findPeer(session);
  session[kPeer] = found;
  return found;
}

function findPeer(session: object): SessionPeer {
  let host: string | undefined;
  let isUndici = false;
  for (const symbol of Object.getOwnPropertySymbols(session)) {
    const value: unknown = Reflect.get(session, symbol);
    // Node notes "host:port", and leaves IPv6 addresses without their brackets.
    if (symbol.description === "authority" && typeof value === "string") host = value.slice(0, value.lastIndexOf(":"));
    // Undici, of every version, notes the client that the session is for.
    if (typeof value === "object" && value !== null && "dispatch" in value && typeof value.dispatch === "function") isUndici = true;
  }
  return { host, isUndici };
}
