import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KernelError } from "../kernel/kernel-error.ts";
import type { NetworkNamespace } from "../kernel/network-namespace.ts";
import { makeRunFolder, RUN_FOLDER } from "../kernel/run-folder.ts";
import { whileLocked } from "./file-lock.ts";
import { thawForgotten } from "./frozen.ts";
import { askAt, parseJson, serve, socketFile } from "./holder-socket.ts";

/** What may be asked of whoever holds a network namespace. */
export type HolderRequest = (typeof REQUESTS)[number];

const REQUESTS = ["status", "verify", "clear"] as const;

/** It looks at its leaves one after the other, some seconds each, and clears when the last of them has emptied; whatever is asked waits for that. */
const ANSWERED_WITHIN_MS = { status: 60_000, verify: 600_000, clear: 120_000 } as const satisfies Record<HolderRequest, number>;
/** Answers that are not ready when a claim is released are waited for so long. */
const LAST_ANSWERS_MS = 1_000;

/** One process at a time looks after a network namespace: the one that listens on its socket, which the kernel closes when that process ends, however it ends. */
export class Claim {
  readonly #server: Server;
  readonly #answer: (request: HolderRequest) => Promise<object>;
  /** Who asks, and when they are answered. */
  readonly #open = new Map<Socket, Promise<void>>();

  private constructor(answer: (request: HolderRequest) => Promise<object>) {
    this.#answer = answer;
    this.#server = createServer((socket) => {
      this.#open.set(
        socket,
        serve(socket, (word) => this.#hear(word)),
      );
      socket.once("close", () => this.#open.delete(socket));
    });
  }

  /**
   * Claims a network namespace. What processes have left frozen, of whichever namespace, that were killed is thawed.
   *
   * @param answer - of what others ask; an object that JSON can say
   * @param folder - where sockets are; nobody else may write there
   * @throws KernelError `held` where another process has it, `refused` where the folder can not be written
   */
  static async make(namespace: NetworkNamespace, answer: (request: HolderRequest) => Promise<object>, folder = RUN_FOLDER): Promise<Claim> {
    makeRunFolder(folder);
    thawForgotten(folder);
    const file = socketFile(folder, namespace);
    // Two that find the socket of a dead process must not both take its place.
    return whileLocked(join(folder, "holder.lock"), async () => {
      const found = await whoListens(file);
      if (found !== undefined) {
        throw new KernelError(
          "held",
          `process ${found} looks after this network namespace; change its spec file, or end it with: puggle net clear`,
        );
      }
      rmSync(file, { force: true });
      const claim = new Claim(answer);
      await claim.#listen(file);
      return claim;
    });
  }

  async release(): Promise<void> {
    // It takes the file away before it stops to listen: what is there later is another's.
    const closed = new Promise((resolve) => this.#server.close(resolve));
    const tooLate = new AbortController();
    await Promise.race([
      Promise.all(this.#open.values()),
      sleep(LAST_ANSWERS_MS, undefined, { signal: tooLate.signal }).catch(() => undefined),
    ]);
    tooLate.abort();
    for (const socket of this.#open.keys()) socket.destroySoon();
    await closed;
  }

  async #listen(file: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error) => reject(new KernelError("refused", `${file} can not be listened on: ${error.message}`)));
      this.#server.listen({ path: file }, resolve);
    });
    chmodSync(file, 0o600);
  }

  #hear(word: string): Promise<object> | undefined {
    const request = REQUESTS.find((one) => one === word);
    return request === undefined ? undefined : this.#answer(request);
  }
}

/** Its process; one that does not say so is one too. */
async function whoListens(file: string): Promise<number | "(unknown)" | undefined> {
  try {
    return (await askAt(file, "who", 1_000))?.holder.pid;
  } catch {
    return "(unknown)";
  }
}

/**
 * Asks whoever holds a network namespace.
 *
 * @returns `undefined` where nobody does
 * @throws KernelError `refused` with what went wrong there, also where it does not answer, or answers no JSON
 */
export async function askHolder(namespace: NetworkNamespace, request: HolderRequest, folder = RUN_FOLDER): Promise<unknown> {
  const reply = await askAt(socketFile(folder, namespace), request, ANSWERED_WITHIN_MS[request]);
  if (reply === undefined) return undefined;
  const { holder, text } = reply;
  const said = text === undefined ? undefined : parseJson(text);
  if (typeof said !== "object" || said === null) {
    const what = text === undefined ? "ended without an answer" : "answers what is no JSON";
    throw new KernelError("refused", `the process ${holder.pid} that looks after it ${what}`);
  }
  if ("error" in said) throw new KernelError("refused", `the process ${holder.pid} that looks after it says: ${said.error}`);
  return said;
}
