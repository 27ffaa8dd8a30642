import { createServer, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { runInVirtualCluster } from "@puggle/propagation";
import { type Loopback, listenOn } from "../../loopback.ts";
import { namesIn } from "./answer.ts";

/**
 * Starts a proxy that tunnels, and passes on requests for whole URLs. It refuses to open a tunnel for a request that tells it a name: the
 * header is not for proxies.
 */
export async function startProxy(): Promise<Loopback> {
  const sockets = new Set<Socket>();
  const proxy = createServer((incoming, response) => {
    // Passes on what came, and adds nothing of its own.
    runInVirtualCluster(undefined, () => {
      const { method, rawHeaders } = incoming;
      const outgoing = request(incoming.url ?? "", { method: method ?? "GET", headers: rawHeaders as never, agent: false }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders as never);
        answer.pipe(response);
      });
      outgoing.on("error", () => response.destroy());
      response.on("close", () => outgoing.destroy());
      incoming.pipe(outgoing);
    });
  });
  proxy.on("connect", (incoming: IncomingMessage, client: Socket) => {
    if (namesIn(incoming.rawHeaders).length > 0) return client.end("HTTP/1.1 400 The proxy was told a name\r\n\r\n");
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const server = connect(Number(port || 80), hostname, () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy()).on("close", () => to.destroy());
    }
    return undefined;
  });
  const started = await listenOn(proxy);
  return {
    ...started,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await started.close();
    },
  };
}
