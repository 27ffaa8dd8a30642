import { connect, createServer, type Socket } from "node:net";
import { pipeline } from "node:stream";

export interface Relay {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** Passes the connections to an address of this machine on to a port of loopback, which pods can not reach. */
export async function startRelay(address: string, toPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect({ host: "127.0.0.1", port: toPort });
    for (const end of [socket, onward]) {
      sockets.add(end);
      end.once("close", () => sockets.delete(end));
    }
    // One that ends ends the other; by which of them is nobody's concern here.
    pipeline(socket, onward, socket, () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port: 0 }, resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("a relay listens on a port");
  return {
    port: bound.port,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
