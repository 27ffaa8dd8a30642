import { createConnection, createServer, type Server, type Socket } from "node:net";
import { KernelError } from "../kernel/kernel-error.ts";
import type { NetworkNamespace } from "../kernel/network-namespace.ts";

/** What may be asked of whoever holds a network namespace. */
export type HolderRequest = (typeof REQUESTS)[number];

const REQUESTS = ["status", "verify", "clear"] as const;

/** Of the process that holds it; nothing else of it is known here. */
interface Holder {
  readonly pid: number;
}

/** One process at a time looks after a network namespace; the kernel knows which, and forgets it when that process ends, however it ends. */
export class Claim {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Claims a network namespace.
   *
   * @param answer - of what others ask; an object that JSON can say
   * @throws KernelError `held` where another process has it
   */
  static async make(namespace: NetworkNamespace, answer: (request: HolderRequest) => Promise<object>): Promise<Claim> {
    const server = createServer((socket) => serve(socket, answer));
    const isFree = await new Promise<boolean>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(false) : reject(error)));
      server.listen({ path: addressOf(namespace) }, () => resolve(true));
    });
    if (isFree) return new Claim(server);
    const holder = (await ask(namespace, "who")) as Holder | undefined;
    throw new KernelError(
      "held",
      `process ${holder?.pid ?? "(unknown)"} looks after this network namespace; change its spec file, or end it with: puggle net clear`,
    );
  }

  async release(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/**
 * Asks whoever holds a network namespace.
 *
 * @returns `undefined` where nobody does
 * @throws KernelError `refused` with what went wrong there
 */
export async function askHolder(namespace: NetworkNamespace, request: HolderRequest): Promise<unknown> {
  const reply = await ask(namespace, request);
  if (typeof reply === "object" && reply !== null && "error" in reply) {
    throw new KernelError("refused", `the process that looks after it says: ${reply.error}`);
  }
  return reply;
}

/** A name without a file: of the abstract namespace of Unix sockets. */
function addressOf({ id }: NetworkNamespace): string {
  return `\0puggle-net-${id}`;
}

const LONGEST_REQUEST = 100;

function serve(socket: Socket, answer: (request: HolderRequest) => Promise<object>): void {
  let text = "";
  socket.on("error", () => socket.destroy());
  socket.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    if (text.length > LONGEST_REQUEST) socket.destroy();
    if (!text.endsWith("\n")) return;
    const request = REQUESTS.find((one) => one === text.trim());
    const reply = request === undefined ? Promise.resolve({ pid: process.pid } satisfies Holder) : answer(request);
    reply.then(
      (value) => socket.end(`${JSON.stringify(value)}\n`),
      (error: unknown) => socket.end(`${JSON.stringify({ error: error instanceof Error ? error.message : String(error) })}\n`),
    );
  });
}

function ask(namespace: NetworkNamespace, request: HolderRequest | "who"): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = createConnection({ path: addressOf(namespace) });
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    socket.on("connect", () => socket.write(`${request}\n`));
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(text === "" ? undefined : JSON.parse(text)));
  });
}
