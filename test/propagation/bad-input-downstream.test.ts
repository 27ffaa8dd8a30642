import { AsyncLocalStorage } from "node:async_hooks";
import http, { createServer, type IncomingMessage } from "node:http";
import net from "node:net";
import { currentVirtualCluster, register, stats } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Loopback, listenOn } from "./loopback.ts";
import { getJson, HEADER } from "./requests.ts";

type Undici = typeof undici8;

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const chunked = (text: string) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${text}`;

/** What a downstream server does with a request, and what its caller finds: a status, or an error. */
const behaviours: Record<string, { readonly answer: (socket: net.Socket) => void; readonly wanted: number | "error" }> = {
  "answers 204": { answer: (socket) => socket.write("HTTP/1.1 204 No Content\r\n\r\n"), wanted: 204 },
  "answers 304": { answer: (socket) => socket.write("HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"), wanted: 304 },
  "answers 503": { answer: (socket) => socket.write("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), wanted: 503 },
  "answers 102 before": { answer: (socket) => socket.write(`HTTP/1.1 102 Processing\r\n\r\n${OK}`), wanted: 200 },
  "answers 103 before": { answer: (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${OK}`), wanted: 200 },
  "answers 103 fifty times before": {
    answer: (socket) => socket.write(`${"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(50)}${OK}`),
    wanted: 200,
  },
  "answers 103, and more later": {
    answer: (socket) => {
      socket.write("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
      setTimeout(() => socket.write(OK), 20);
    },
    wanted: 200,
  },
  "resets before it answers": { answer: (socket) => socket.resetAndDestroy(), wanted: "error" },
  "closes before it answers": { answer: (socket) => socket.end(), wanted: "error" },
  "resets within its head": {
    answer: (socket) => socket.write("HTTP/1.1 200 OK\r\nConte", () => setTimeout(() => socket.resetAndDestroy(), 10)),
    wanted: "error",
  },
  "resets after its head": {
    answer: (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", () => setTimeout(() => socket.resetAndDestroy(), 10)),
    wanted: "error",
  },
  "resets within its body": {
    answer: (socket) => socket.write(chunked("2\r\nok\r\n"), () => setTimeout(() => socket.resetAndDestroy(), 10)),
    wanted: "error",
  },
  "sends a chunk that is none": { answer: (socket) => socket.write(chunked("zz\r\nok\r\n")), wanted: "error" },
  "sends what is no HTTP": { answer: (socket) => socket.end("\x00\xff garbage\r\n\r\n"), wanted: "error" },
  "sends a head without an end": { answer: (socket) => socket.write(`HTTP/1.1 200 OK\r\n${"X-Y: 1\r\n".repeat(20_000)}`), wanted: "error" },
  "hangs before it answers": { answer: () => {}, wanted: "error" },
  "hangs within its body": { answer: (socket) => socket.write(chunked("2\r\nok\r\n")), wanted: "error" },
};

/** How long is waited for an answer that comes, on a busy machine too, and for one that does not. */
const PATIENCE_MS = 15_000;
const IMPATIENCE_MS = 200;

const patience = (url: string) => AbortSignal.timeout(url.includes("/hangs") ? IMPATIENCE_MS : PATIENCE_MS);

type Call = (url: string) => Promise<number>;

const byNode: Call = (url) =>
  new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false, signal: patience(url) }, (response) => {
      response.on("error", reject).on("end", () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    request.on("error", reject);
  });

const byFetch =
  (send: typeof fetch): Call =>
  async (url) => {
    const response = await send(url, { signal: patience(url) });
    await response.arrayBuffer();
    return response.status;
  };

const byUndici = (undici: Undici): Call => {
  const dispatcher = new undici.Agent();
  return async (url) => {
    const { statusCode, body } = await undici.request(url, { dispatcher, signal: patience(url) });
    await body.arrayBuffer();
    return statusCode;
  };
};

const clients: Record<string, Call> = {
  "node:http": byNode,
  fetch: byFetch(fetch),
  "undici 6": byUndici(undici6 as unknown as Undici),
  "undici 7": byUndici(undici7 as unknown as Undici),
  "undici 8": byUndici(undici8),
  "undici 8 fetch": byFetch(undici8.fetch as unknown as typeof fetch),
};

interface Answer {
  readonly outcome: number | "error";
  readonly before: string | null;
  readonly after: string | null;
}

let downstream: net.Server;
let origin: string;
let service: Loopback;
let arrived: (string | undefined)[] = [];
const sockets = new Set<net.Socket>();

beforeAll(async () => {
  register();
  downstream = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
      if (!text.includes("\r\n\r\n")) return;
      arrived.push(new RegExp(`^${HEADER}: (.*)$`, "im").exec(text)?.[1]?.trim());
      const path = decodeURIComponent(/^GET \/(\S*)/.exec(text)?.[1] ?? "");
      text = "";
      const behaviour = behaviours[path];
      if (behaviour === undefined) socket.write(OK);
      else behaviour.answer(socket);
    });
  });
  await new Promise<void>((resolve) => downstream.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(downstream.address() as net.AddressInfo).port}`;

  service = await listenOn(
    createServer(async (request: IncomingMessage, response) => {
      const [, client = "", path = ""] = (request.url ?? "").split("/");
      const before = currentVirtualCluster() ?? null;
      const call = clients[decodeURIComponent(client)] ?? byNode;
      let outcome: Answer["outcome"];
      try {
        outcome = await call(`${origin}/${path}`);
      } catch {
        outcome = "error";
      }
      response.end(JSON.stringify({ outcome, before, after: currentVirtualCluster() ?? null } satisfies Answer));
    }),
  );
});

afterAll(async () => {
  await service.close();
  for (const socket of sockets) socket.destroy();
  downstream.close();
});

/** Requests with a name that are not answered yet, as the library counts them. */
function namedInFlight(): number {
  return Reflect.get(AsyncLocalStorage, Symbol.for("puggle.dev/propagation/v1")).namedInFlight;
}

async function ask(client: string, path: string, name?: string): Promise<Answer> {
  const headers = name === undefined ? {} : { [HEADER]: name };
  return (await getJson<Answer>(`${service.origin}/${encodeURIComponent(client)}/${encodeURIComponent(path)}`, headers)).json;
}

describe.each(Object.keys(clients))("%s, when a downstream server", (client) => {
  test.each(Object.entries(behaviours))("%s, stays in its virtual cluster, and so do those after it", async (path, { wanted }) => {
    const before = stats();
    arrived = [];
    const names = ["vc-1", undefined, "vc-2"];
    const answers = await Promise.all(names.map((name) => ask(client, path, name)));
    expect(answers).toEqual(names.map((name) => ({ outcome: wanted, before: name ?? null, after: name ?? null })));
    for (const name of names) {
      expect(await ask(client, "fine", name)).toEqual({ outcome: 200, before: name ?? null, after: name ?? null });
    }
    // A client may send again what it is sure was not answered: each time with the name.
    const counts = (all: readonly (string | undefined)[]) => names.map((name) => all.filter((each) => each === name).length);
    expect(counts(arrived).every((count) => count >= 2)).toBe(true);
    expect(arrived.filter((name) => !names.includes(name))).toEqual([]);
    const after = stats();
    expect(after).toEqual({ ...before, received: { ...before.received, header: before.received.header + 4 }, sent: after.sent });
    expect(after.sent - before.sent).toBeGreaterThanOrEqual(4);
    expect(after.sent - before.sent).toBeLessThanOrEqual(arrived.filter((name) => name !== undefined).length);
    await expect.poll(namedInFlight).toBe(0);
  });
});
