import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { currentVirtualCluster, register } from "@puggle/propagation";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type Loopback, listen, listenOn } from "./loopback.ts";
import { getJson, HEADER } from "./requests.ts";

/** Enough for the queue of the compression to be shared. */
const NAMES = Array.from({ length: 30 }, (_, index) => (index % 3 === 1 ? undefined : `vc-${index}`));
const compression = { threshold: 0, concurrencyLimit: 2 };

let server: Server;
let sockets: WebSocketServer;
let service: Loopback;

beforeAll(() => {
  register();
});

beforeEach(async () => {
  server = createServer();
  sockets = new WebSocketServer({ noServer: true, perMessageDeflate: compression });
  service = await listenOn(server);
});

afterEach(async () => {
  for (const socket of sockets.clients) socket.terminate();
  await service.close();
});

function headersOf(name: string | undefined): Record<string, string> {
  return name === undefined ? {} : { [HEADER]: name };
}

/** Opens a socket, sends a few large messages, and gives what came back for each. */
async function talk(origin: string, headers: Record<string, string> = {}): Promise<string[]> {
  const socket = new WebSocket(origin.replace("http", "ws"), { headers, perMessageDeflate: compression });
  const answers: string[] = [];
  socket.on("message", (message) => answers.push(message.toString().slice(0, 20)));
  await once(socket, "open");
  for (let count = 0; count < 4; count += 1) socket.send("x".repeat(10_000));
  while (answers.length < 4) await once(socket, "message");
  const closed = once(socket, "close");
  socket.close();
  await closed;
  return answers;
}

function talkAll(): Promise<string[][]> {
  return Promise.all(NAMES.map((name) => talk(service.origin, headersOf(name))));
}

const four = (name: string | undefined) => Array.from({ length: 4 }, () => String(name));

describe("compressed WebSockets, whose messages wait in one queue", () => {
  const upgrades: Record<string, (request: IncomingMessage, socket: Duplex, head: Buffer) => void | Promise<void>> = {
    "taken over at once": (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit("connection", webSocket, request));
    },
    "taken over after something was asked": async (request, socket, head) => {
      await sleep(Math.random() * 5);
      sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit("connection", webSocket, request));
    },
    "taken over when others listened to the socket before": (request, socket, head) => {
      socket.addListener("error", () => {});
      socket.prependListener("close", () => {});
      socket.on("timeout", () => {});
      sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit("connection", webSocket, request));
    },
  };

  test.each(Object.entries(upgrades))("%s: every message comes with the name of its own upgrade", async (_how, upgrade) => {
    server.on("upgrade", upgrade);
    sockets.on("connection", (socket) => {
      socket.on("message", () => socket.send(String(currentVirtualCluster()).padEnd(20)));
    });
    expect((await talkAll()).map((answers) => answers.map((answer) => answer.trim()))).toEqual(NAMES.map(four));
  });

  test("what is called back when a message was sent has the name too", async () => {
    const seen = new Map<string | undefined, Set<string | undefined>>();
    server.on("upgrade", upgrades["taken over at once"] ?? expect.fail);
    sockets.on("connection", (socket, request) => {
      const names = new Set<string | undefined>();
      seen.set(request.headers[HEADER]?.toString(), names);
      socket.on("message", (message) => socket.send(message, () => names.add(currentVirtualCluster())));
    });
    await talkAll();
    for (const name of NAMES) expect([name, ...(seen.get(name) ?? [])]).toEqual([name, name]);
  });

  test("messages that come to a client have the name of the request that opened it", async () => {
    server.on("upgrade", upgrades["taken over at once"] ?? expect.fail);
    sockets.on("connection", (socket) => {
      socket.on("message", (message) => socket.send(message));
    });
    const caller = await listen(async (_request, response) => {
      const seen: (string | null)[] = [];
      const socket = new WebSocket(service.origin.replace("http", "ws"), { perMessageDeflate: compression });
      socket.on("message", () => seen.push(currentVirtualCluster() ?? null));
      socket.on("open", () => {
        for (let count = 0; count < 4; count += 1) socket.send("x".repeat(10_000));
      });
      while (seen.length < 4) await once(socket, "message");
      socket.close();
      response.end(JSON.stringify(seen));
    });
    const answers = await Promise.all(NAMES.map((name) => getJson(caller.origin, headersOf(name))));
    await caller.close();
    expect(answers.map(({ json }) => json)).toEqual(NAMES.map((name) => Array.from({ length: 4 }, () => name ?? null)));
  });
});

test("a socket that no WebSocket takes over can be listened to as ever", async () => {
  server.on("upgrade", (_request: IncomingMessage, socket: Duplex) => {
    const heard: string[] = [];
    for (const method of ["on", "once", "addListener", "prependListener"] as const) {
      socket[method]("data", () => heard.push(`${method} ${currentVirtualCluster()}`));
    }
    socket.on("data", () => socket.end(JSON.stringify(heard)));
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n");
  });
  const client = connect(service.port, "127.0.0.1");
  client.write(`GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: test\r\n${HEADER}: vc-1\r\n\r\n`);
  await once(client, "data");
  client.write("hello");
  const [heard] = await once(client, "data");
  expect(JSON.parse(heard.toString())).toEqual(["prependListener vc-1", "on vc-1", "once vc-1", "addListener vc-1"]);
  client.destroy();
});
