import { AsyncLocalStorage } from "node:async_hooks";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { currentVirtualCluster, register, stats } from "@puggle/propagation";
import express from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Loopback, listenOn } from "./loopback.ts";
import { getJson, HEADER, sendText } from "./requests.ts";

let service: Loopback;
let endings: string[] = [];

beforeAll(async () => {
  register();
  const app = express();
  const name = () => currentVirtualCluster() ?? "none";
  app.use((_request, response, next) => {
    response.on("close", () => endings.push(name()));
    next();
  });
  app.get("/fine", (_request, response) => void response.json(name()));
  app.get("/throws", () => {
    throw new Error(name());
  });
  app.get("/rejects", async () => {
    await sleep(1);
    throw new Error(name());
  });
  app.get("/hangs", () => {});
  app.get("/destroys", (request) => void request.socket.destroy());
  app.get("/breaks-off", (_request, response) => {
    response.writeHead(200, { "content-length": 9 });
    response.write("ok", () => response.destroy());
  });
  app.use((error: Error, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    response.status(500).json([error.message, name()]);
  });
  service = await listenOn(createServer(app));
});

afterAll(() => service.close());

/** Requests with a name that are not answered yet, as the library counts them. */
function namedInFlight(): number {
  return Reflect.get(AsyncLocalStorage, Symbol.for("puggle.dev/propagation/v1")).namedInFlight;
}

const get = (path: string, name: string | undefined) =>
  getJson<unknown>(`${service.origin}${path}`, name === undefined ? {} : { [HEADER]: name });

/** Sends a request and breaks off, without waiting for an answer. */
async function breakOff(path: string, name: string | undefined, rest = ""): Promise<void> {
  const socket = net.connect(service.port, "127.0.0.1");
  const header = name === undefined ? "" : `${HEADER}: ${name}\r\n`;
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${header}\r\n${rest}`);
  await sleep(20);
  socket.resetAndDestroy();
}

describe("a service that fails one request keeps the names of the others", () => {
  test.each(["/throws", "/rejects"])("%s", async (path) => {
    const failures = stats().failures;
    const names = ["vc-1", undefined, "vc-2"];
    const answers = await Promise.all(names.map((name) => get(path, name)));
    expect(answers).toEqual(names.map((name) => ({ status: 500, json: [name ?? "none", name ?? "none"] })));
    expect((await get("/fine", "vc-3")).json).toBe("vc-3");
    expect((await get("/fine", undefined)).json).toBe("none");
    expect(stats().failures).toBe(failures);
    await expect.poll(namedInFlight).toBe(0);
  });

  test.each(["/destroys", "/breaks-off"])("%s", async (path) => {
    endings = [];
    for (const name of ["vc-1", undefined]) {
      const headers: Record<string, string> = name === undefined ? {} : { [HEADER]: name };
      await expect(fetch(service.origin + path, { headers }).then((answer) => answer.text())).rejects.toThrow();
    }
    await expect.poll(() => endings).toEqual(["vc-1", "none"]);
    expect((await get("/fine", "vc-3")).json).toBe("vc-3");
    await expect.poll(namedInFlight).toBe(0);
  });

  test("whose caller breaks off", async () => {
    endings = [];
    await Promise.all([breakOff("/hangs", "vc-1"), breakOff("/hangs", undefined), breakOff("/hangs", "vc-2")]);
    await expect.poll(() => endings.toSorted()).toEqual(["none", "vc-1", "vc-2"]);
    await expect.poll(namedInFlight).toBe(0);
    expect((await get("/fine", "vc-3")).json).toBe("vc-3");
  });

  test("while requests hang, they are in flight, and no longer", async () => {
    const sockets = ["vc-1", "vc-2"].map((name) => {
      const socket = net.connect(service.port, "127.0.0.1");
      socket.write(`GET /hangs HTTP/1.1\r\nHost: x\r\n${HEADER}: ${name}\r\n\r\n`);
      return socket;
    });
    await expect.poll(namedInFlight).toBe(2);
    for (const socket of sockets) socket.destroy();
    await expect.poll(namedInFlight).toBe(0);
  });
});

describe("what is no request leaves no trace", () => {
  test.each([
    ["garbage", "\x00\x01\x02\r\n\r\n"],
    ["an unknown method", `FOO / HTTP/1.1\r\nHost: x\r\n${HEADER}: vc-1\r\n\r\n`],
    ["a head without an end", `GET /fine HTTP/1.1\r\nHost: x\r\n${HEADER}: vc-1\r\n`],
    ["no Host", `GET /fine HTTP/1.1\r\n${HEADER}: vc-1\r\n\r\n`],
    [
      "two lengths",
      `POST /fine HTTP/1.1\r\nHost: x\r\n${HEADER}: vc-1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
  ])("%s", async (_, text) => {
    await sendText(service.port, text);
    expect(stats().failures).toBe(0);
    await expect.poll(namedInFlight).toBe(0);
    expect((await get("/fine", "vc-3")).json).toBe("vc-3");
  });
});

test("a listener that throws takes no name out of its request", async () => {
  const SERVICE = `
    import http from "node:http";
    import { currentVirtualCluster, register, stats } from "@puggle/propagation";
    register();
    const thrown = [];
    process.on("uncaughtException", (error) => thrown.push(error.message));
    const server = http.createServer((request, response) => {
      const name = String(currentVirtualCluster());
      if (request.url === "/throws") throw new Error(name);
      response.end(name);
    });
    server.listen(0, "127.0.0.1", async () => {
      const { port } = server.address();
      const send = (path, headers) => new Promise((resolve) => {
        const signal = AbortSignal.timeout(300);
        const request = http.get({ host: "127.0.0.1", port, path, headers, agent: false, signal }, (response) => {
          response.setEncoding("utf8").on("data", resolve);
        });
        request.on("error", () => resolve("broken off"));
      });
      const seen = [];
      seen.push(await send("/throws", { "virtual-cluster-name": "vc-1" }), await send("/", {}), await send("/", { "virtual-cluster-name": "vc-2" }));
      console.log(JSON.stringify({ thrown, seen, failures: stats().failures }));
      process.exit();
    });
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", SERVICE], {
    cwd: import.meta.dirname,
    timeout: 15_000,
  });
  expect(JSON.parse(stdout)).toEqual({ thrown: ["vc-1"], seen: ["broken off", "undefined", "vc-2"], failures: 0 });
});

test("a header of 64 KB is dropped and counted where Node lets it pass (--max-http-header-size)", async () => {
  const SERVICE = `
    import http from "node:http";
    import { currentVirtualCluster, register, stats } from "@puggle/propagation";
    register();
    const server = http.createServer((request, response) => response.end(String(currentVirtualCluster())));
    server.listen(0, "127.0.0.1", () => {
      const headers = { "virtual-cluster-name": "a".repeat(65536) };
      http.get({ host: "127.0.0.1", port: server.address().port, headers, agent: false }, (response) => {
        response.setEncoding("utf8").on("data", (text) => {
          console.log(JSON.stringify({ status: response.statusCode, text, dropped: stats().dropped.header["too-long"], failures: stats().failures }));
          process.exit();
        });
      });
    });
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--max-http-header-size=200000", "--input-type=module", "--eval", SERVICE],
    { cwd: import.meta.dirname, timeout: 15_000 },
  );
  expect(JSON.parse(stdout)).toEqual({ status: 200, text: "undefined", dropped: 1, failures: 0 });
});
