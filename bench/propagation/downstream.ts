import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

const NAME = /\r\n(?:virtual-cluster-name: |baggage:[^\r]*\bvirtual-cluster-name=)([^\r,;]+)/i;

/**
 * The server behind the service: it answers with the name that it was sent, be it in the header or in baggage. It knows as little of HTTP as
 * it can, so that the service that is measured never waits for it.
 */
export async function startDownstream(): Promise<{ readonly port: number; stop(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let received = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      received += text;
      const requests = received.split("\r\n\r\n");
      received = requests.pop() ?? "";
      for (const request of requests) {
        const name = NAME.exec(`${request}\r\n`)?.[1] ?? "none";
        socket.write(`HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: ${name.length}\r\n\r\n${name}`, "latin1");
      }
    });
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
