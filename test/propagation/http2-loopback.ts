import http2, { type ClientHttp2Session, type Http2SecureServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { HEADER } from "./requests.ts";
import { selfSigned } from "./self-signed.ts";

/** A server on a free port of a loopback address. */
export interface Http2Loopback {
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts an HTTP/2 server on a free port. */
export async function listenHttp2(server: Http2Server | Http2SecureServer): Promise<Http2Loopback> {
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${"addContext" in server ? "https" : "http"}://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}

/** Opens a session that trusts the certificate of these tests. */
export function connect(origin: string): ClientHttp2Session {
  const session = http2.connect(origin, { ca: selfSigned.cert });
  session.on("error", () => {});
  return session;
}

/** What an echoing server saw of the request that it answered. */
export interface Http2Echo {
  readonly names: string[];
  readonly baggage: string[];
  readonly headers: Record<string, string>;
}

/** A server that answers every stream with what came over the wire. */
export function createEchoServer(pause: () => Promise<unknown> = () => Promise.resolve()): Http2Server {
  return http2.createServer({ settings: { enableConnectProtocol: true } }).on("stream", async (stream, headers, _flags, ...rest) => {
    const [raw = []] = rest as unknown[] as string[][];
    stream.on("error", () => {});
    stream.resume();
    await pause();
    if (stream.destroyed) return;
    stream.respond({ ":status": 200 });
    const echo = { names: valuesOf(raw, HEADER), baggage: valuesOf(raw, "baggage"), headers };
    stream.end(JSON.stringify(echo));
  });
}

function valuesOf(raw: readonly string[], name: string): string[] {
  return raw.filter((_, index) => index % 2 === 1 && raw[index - 1] === name);
}

/** Sends a request over a session, and gives the JSON of the answer. */
export function askHttp2<T = Http2Echo>(session: ClientHttp2Session, headers: object = {}, body?: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers as Record<string, string>, { endStream: body === undefined });
    let text = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk) => {
      text += chunk;
    });
    stream.on("end", () => resolve(JSON.parse(text)));
    stream.on("error", reject);
    if (body !== undefined) stream.end(body);
  });
}
