import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server, createSecureServer, type ServerHttp2Session } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { selfSigned } from "../../self-signed.ts";
import { createAnswerer } from "./answer.ts";
import { startGrpcServer } from "./grpc-server.ts";
import { HopLog, type Place } from "./hops.ts";
import { createUpgrader } from "./upgrade.ts";

/** What a way out talks: HTTP/1.1, the same over TLS, HTTP/2 over TLS (with HTTP/1.1 beside it), HTTP/2 in the clear, gRPC in the clear. */
export type ServerKind = "http" | "https" | "h2" | "h2c" | "grpc";

/** The only host that may receive the name: put it into `PUGGLE_TARGETS`, or into `register`. */
export const TARGET = "127.0.0.1";

/** Real servers on loopback addresses; all keep one log. */
export interface Servers {
  readonly hops: HopLog;
  /** The origin of a server, such as `http://127.0.0.1:40123`. */
  originOf(kind: ServerKind, place: Place): string;
  close(): Promise<void>;
}

interface Running {
  readonly origin: string;
  close(): Promise<void>;
}

const KINDS: readonly ServerKind[] = ["http", "https", "h2", "h2c", "grpc"];
const PLACES: readonly Place[] = ["target", "other", "stranger"];

/** Starts a server of each kind at each place. */
export async function startServers(): Promise<Servers> {
  const hops = new HopLog();
  const running = new Map<string, Running>();
  for (const kind of KINDS) {
    for (const place of PLACES) running.set(`${kind} ${place}`, await start(kind, place, hops));
  }
  return {
    hops,
    originOf: (kind, place) => running.get(`${kind} ${place}`)?.origin ?? "",
    close: async () => {
      await Promise.all([...running.values()].map((server) => server.close()));
    },
  };
}

async function start(kind: ServerKind, place: Place, hops: HopLog): Promise<Running> {
  const isSecure = kind === "https" || kind === "h2";
  // The certificate is for these two names.
  const host = place === "stranger" ? (isSecure ? "localhost" : "127.0.0.2") : TARGET;
  if (kind === "grpc") return startGrpcServer(place, hops, host);
  const server = create(kind, place, hops);
  await new Promise<void>((resolve) => server.listen(0, isSecure ? TARGET : host, resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `${isSecure ? "https" : "http"}://${host}:${port}`, close: closerOf(server) };
}

function create(kind: Exclude<ServerKind, "grpc">, place: Place, hops: HopLog): Server {
  const answer = createAnswerer(place, hops);
  if (kind === "http") return createHttpServer(answer).on("upgrade", createUpgrader(place, hops));
  if (kind === "https") return createHttpsServer(selfSigned, answer);
  if (kind === "h2c") return createHttp2Server(answer);
  return createSecureServer({ ...selfSigned, allowHTTP1: true }, answer);
}

/** Ends the server's connections too: clients keep theirs alive, and some requests are never answered. */
function closerOf(server: Server): () => Promise<void> {
  const open = new Set<{ destroy(): unknown }>();
  const track = (connection: ServerHttp2Session | { destroy(): unknown; once(event: "close", listener: () => void): unknown }) => {
    open.add(connection);
    connection.once("close", () => open.delete(connection));
  };
  server.on("connection", track).on("secureConnection", track).on("session", track);
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const connection of open) connection.destroy();
    });
}
