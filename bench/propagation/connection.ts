import { once } from "node:events";
import { connect, type Socket } from "node:net";

/**
 * A connection of HTTP/1.1 that knows just what the bench needs: an answer with a `Content-Length`, after each request. A real client takes as
 * much CPU time for a request as the service that is measured, which would then wait for its load.
 */
export class Connection {
  readonly #socket: Socket;
  #received = "";
  #answer: { resolve(body: string): void; reject(error: Error): void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1").on("data", (text: string) => this.#receive(text));
    for (const event of ["error", "close"]) {
      socket.on(event, (error?: Error) =>
        this.#answer?.reject(error instanceof Error ? error : new Error("the service closed the connection")),
      );
    }
  }

  static async open(port: number, host = "127.0.0.1"): Promise<Connection> {
    const socket = connect({ port, host, noDelay: true });
    await once(socket, "connect");
    return new Connection(socket);
  }

  /** Sends a request, head and all; gives the body of the answer. */
  send(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
      this.#socket.write(request, "latin1");
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end === -1) return;
    const length = /\r\nContent-Length: (\d+)\r\n/i.exec(this.#received)?.[1];
    if (length === undefined) throw new Error(`an answer without a length: ${this.#received}`);
    const body = this.#received.slice(end + 4);
    if (body.length < Number(length)) return;
    this.#received = "";
    this.#answer?.resolve(body);
  }
}
