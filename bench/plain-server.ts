import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** What ends the head of a request or an answer. */
export const END = "\r\n\r\n";

/**
 * A server that knows just enough of HTTP to answer requests without a body: what stands on the other side of a measured service is not to be
 * what limits it.
 */
export class PlainServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @param answer - gives the whole answer to a request, of which it gets the head without its end. */
  constructor(answer: (head: string) => string) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      let rest = "";
      socket.setEncoding("latin1");
      socket.on("error", () => socket.destroy()).on("close", () => this.#sockets.delete(socket));
      socket.on("data", (chunk: string) => {
        const heads = (rest + chunk).split(END);
        rest = heads.pop() ?? "";
        if (heads.length > 0) socket.write(heads.map(answer).join(""), "latin1");
      });
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
