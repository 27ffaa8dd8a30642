import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { KernelError } from "../kernel/kernel-error.ts";
import type { NetworkNamespace } from "../kernel/network-namespace.ts";

/** Of the process that holds a network namespace: the first line that it says, at once. What it was asked for is the second one. */
interface Holder {
  readonly pid: number;
}

/** What came back: the second line is `undefined` where it said no more. */
interface Reply {
  readonly holder: Holder;
  readonly text: string | undefined;
}

/** Longer, and it hangs or is stopped. */
const INTRODUCED_WITHIN_MS = 2_000;

/** Where whoever holds a network namespace listens. */
export function socketFile(folder: string, { id }: NetworkNamespace): string {
  return join(folder, `holder-${id}.sock`);
}

/**
 * Asks whoever listens there, a word.
 *
 * @returns `undefined` where nobody does
 * @throws KernelError `refused` where the answer does not come in time, or can not be understood
 */
export function askAt(file: string, word: string, answeredWithinMs: number): Promise<Reply | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path: file });
    let text = "";
    let holder: Holder | undefined;
    const fail = (what: string) => {
      reject(new KernelError("refused", `the process${holder === undefined ? "" : ` ${holder.pid}`} that looks after it ${what}`));
      socket.destroy();
    };
    const late = (ms: number) => setTimeout(() => fail(`did not answer within ${ms / 1_000} s; does it hang?`), ms);
    let timer = late(INTRODUCED_WITHIN_MS);
    socket.on("connect", () => socket.write(`${word}\n`));
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (holder !== undefined || !text.includes("\n")) return;
      holder = readHolder(text);
      if (holder === undefined) return fail("answers what is not understood; is it of another version?");
      clearTimeout(timer);
      timer = late(answeredWithinMs);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(undefined);
      else if (error.code === "ECONNRESET" || error.code === "EPIPE") fail("ended without an answer");
      else fail(`can not be asked (${error.message})`);
    });
    socket.on("close", () => {
      clearTimeout(timer);
      if (holder === undefined) return fail("ended without an answer");
      const said = text.slice(text.indexOf("\n") + 1);
      if (said !== "" && !said.endsWith("\n")) return fail("broke off its answer");
      resolve({ holder, text: said === "" ? undefined : said });
    });
  });
}

function readHolder(text: string): Holder | undefined {
  const said = parseJson(text.slice(0, text.indexOf("\n")));
  return typeof said === "object" && said !== null && "pid" in said && typeof said.pid === "number" ? { pid: said.pid } : undefined;
}

/** `undefined` where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const LONGEST_WORD = 100;

/** Hears a word, says who it is, and then what is answered; with no answer the first is all. */
export function serve(socket: Socket, answer: (word: string) => Promise<object> | undefined): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve());
    socket.setTimeout(INTRODUCED_WITHIN_MS, () => socket.destroy());
    const listen = (part: string) => {
      text += part;
      if (text.length > LONGEST_WORD) socket.destroy();
      if (!text.endsWith("\n")) return;
      socket.off("data", listen).resume().setTimeout(0);
      socket.write(`${JSON.stringify({ pid: process.pid } satisfies Holder)}\n`);
      const end = (said: string) => {
        socket.end(said);
        resolve();
      };
      const say = (value: object) => end(`${JSON.stringify(value)}\n`);
      const reply = answer(text.trim());
      if (reply === undefined) end("");
      else reply.then(say, (error: unknown) => say({ error: error instanceof Error ? error.message : String(error) }));
    };
    socket.setEncoding("utf8").on("data", listen);
  });
}
