import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { HopLog, Place } from "./matrix/servers/hops.ts";
import { type ServerKind, startServers } from "./matrix/servers/servers.ts";

/** Servers that delay, hang, redirect and answer 503 as they are asked to, and relays to them that reset connections now and then. */
export interface Downstream {
  readonly hops: HopLog;
  /** How many connections were reset. */
  readonly resets: () => number;
  originOf(kind: ServerKind, place: Place): string;
  /** Where the connections to a target's server are reset now and then; `undefined` for kinds that have no such place. */
  relayOriginOf(kind: ServerKind): string | undefined;
  close(): Promise<void>;
}

/** Of the other kinds all requests share a connection, and not every client opens another: those stay whole. */
const RESET: readonly ServerKind[] = ["http", "https"];

/** Starts them. Of a hundred pieces that a client sends by a relay, `percent` bring a reset instead of an answer. */
export async function startDownstream(random: () => number, percent: number): Promise<Downstream> {
  const servers = await startServers();
  const relays = new Map<ServerKind, Relay>();
  let resets = 0;
  for (const kind of RESET) {
    const relay = await startRelay(new URL(servers.originOf(kind, "target")), () => {
      const isReset = random() * 100 < percent;
      if (isReset) resets += 1;
      return isReset;
    });
    relays.set(kind, relay);
  }
  return {
    hops: servers.hops,
    resets: () => resets,
    originOf: servers.originOf,
    relayOriginOf: (kind) => relays.get(kind)?.origin,
    close: async () => {
      for (const relay of relays.values()) relay.close();
      await servers.close();
    },
  };
}

interface Relay {
  readonly origin: string;
  close(): void;
}

/** Passes bytes on, from a port of its own on the same host. */
async function startRelay(to: URL, isReset: () => boolean): Promise<Relay> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const upstream = connect(Number(to.port), to.hostname);
    for (const [end, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      open.add(end);
      end.on("error", () => other.destroy());
      end.on("close", () => {
        open.delete(end);
        other.destroy();
      });
    }
    upstream.pipe(socket);
    socket.on("data", (chunk) => {
      if (isReset()) socket.resetAndDestroy();
      else upstream.write(chunk);
    });
    socket.on("end", () => upstream.end());
  });
  await new Promise<void>((resolve) => server.listen(0, to.hostname, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${to.protocol}//${to.hostname}:${port}`,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
