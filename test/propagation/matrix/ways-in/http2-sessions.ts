import type { Http2SecureServer, Http2Server, ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Opened } from "./way.ts";

/** Starts an HTTP/2 server, whose sessions end with it. */
export async function listenHttp2(server: Http2Server | Http2SecureServer, protocol: Opened["protocol"]): Promise<Opened> {
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session: ServerHttp2Session) => sessions.add(session));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const close = () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const session of sessions) session.destroy();
    return closed;
  };
  return { protocol, port: (server.address() as AddressInfo).port, close };
}
