import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { ID, look } from "./sightings.ts";

/** A request and its response as Node has them; every framework gives access to these. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * What every way in serves, below these paths. A way gives the exchange to `answer` and sends what comes back, or does what the other
 * functions are about in its own manner.
 */
export const PATHS = {
  /** `answer` */
  raw: ["/look", "/iterate", "/hang", "/call"],
  /** The body is parsed by the framework, then `parsed`. */
  parse: "/parse",
  /** `fail`, then `caught` in the framework's error handler, which answers with status 500. */
  fail: "/fail",
  /** `pages` is the body. */
  stream: "/stream",
} as const;

/** Makes the service; `downstream` is what it calls itself. */
export function createService(downstream: string) {
  return {
    answer({ request, response }: Exchange): Promise<string> {
      const id = idOf(request);
      const path = (request.url ?? "").replace(/\?.*/, "");
      if (path === "/look") return lookEverywhere(id, request, response);
      if (path === "/iterate") return iterate(id, request);
      if (path === "/hang") return hang(id, request, response);
      return call(id, downstream);
    },
    async parsed(request: IncomingMessage, body: unknown): Promise<string> {
      look(idOf(request), "parsed");
      await sleep(1);
      look(idOf(request), "parsed, after await");
      return done(idOf(request), { body });
    },
    async fail(request: IncomingMessage): Promise<never> {
      await sleep(2);
      throw new Error(`meant to fail: ${idOf(request)}`);
    },
    caught(request: IncomingMessage): string {
      look(idOf(request), "error handler");
      return done(idOf(request));
    },
    async *pages(request: IncomingMessage): AsyncGenerator<string> {
      for (const page of [1, 2, 3]) {
        look(idOf(request), `page ${page}`);
        await sleep(2);
        look(idOf(request), `page ${page}, after await`);
        yield `page ${page}\n`;
      }
      yield done(idOf(request));
    },
  };
}

export type Service = ReturnType<typeof createService>;

export function idOf(request: IncomingMessage): string {
  return request.headers[ID]?.toString() ?? "no id";
}

/** The body of every answer ends with it. */
function done(id: string, more: object = {}): string {
  return JSON.stringify({ ...more, done: id });
}

/** Where {@link lookEverywhere} looks. */
export const PLACES = [
  ...["at once", "next tick", "microtask", "immediate", "timer", "after await"],
  ...["request data", "request end", "request close", "response finish", "response close"],
];

async function lookEverywhere(id: string, request: IncomingMessage, response: ServerResponse): Promise<string> {
  look(id, "at once");
  for (const event of ["data", "end", "close"]) request.on(event, () => look(id, `request ${event}`));
  for (const event of ["finish", "close"]) response.on(event, () => look(id, `response ${event}`));
  process.nextTick(() => look(id, "next tick"));
  queueMicrotask(() => look(id, "microtask"));
  setImmediate(() => look(id, "immediate"));
  setTimeout(() => look(id, "timer"), 1);
  if (!request.readableEnded) await once(request, "end");
  await sleep(Math.random() * 8);
  look(id, "after await");
  return done(id);
}

async function iterate(id: string, request: IncomingMessage): Promise<string> {
  let chunks = 0;
  for await (const _ of request) {
    chunks += 1;
    look(id, `chunk ${Math.min(chunks, 2)}`);
  }
  look(id, "after iteration");
  return done(id);
}

/** Answers only where the client has gone away. */
async function hang(id: string, request: IncomingMessage, response: ServerResponse): Promise<string> {
  const abort = new AbortController();
  abort.signal.addEventListener("abort", () => look(id, "abort signal"));
  request.on("close", () => look(id, "request close"));
  request.on("error", () => look(id, "request error"));
  response.on("close", () => {
    look(id, "response close");
    abort.abort();
  });
  request.resume();
  look(id, "at once");
  await once(response, "close");
  look(id, "after await");
  return done(id);
}

/** Calls the downstream in two ways. */
async function call(id: string, downstream: string): Promise<string> {
  await sleep(Math.random() * 3);
  await (await fetch(`${downstream}/fetch/${id}`)).text();
  await new Promise<void>((resolve, reject) => {
    http.get(`${downstream}/http/${id}`, (response) => response.resume().on("close", resolve)).on("error", reject);
  });
  look(id, "after the calls");
  return done(id);
}
