import { once } from "node:events";
import http, { createServer, type IncomingMessage } from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { currentVirtualCluster, register, runInVirtualCluster, stats } from "@puggle/propagation";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen, listenOn, valuesOnTheWire } from "./loopback.ts";
import { type Echo, echo, sendByNode, sendCounted } from "./outbound-clients.ts";
import { HEADER } from "./requests.ts";
import { selfSigned } from "./self-signed.ts";

let target: Loopback;

beforeAll(async () => {
  target = await listen(echo, "127.0.0.1");
});

afterAll(() => target.close());

beforeEach(() => {
  register({ targets: ["127.0.0.1", "*.svc"], inbound: false });
});

describe("node:http", () => {
  const host = () => new URL(target.origin).host;

  test.each<[string, () => http.RequestOptions]>([
    ["flat array headers", () => ({ headers: Object.freeze(["Host", host(), "X-Other", "1"]) as unknown as string[] })],
    ["nested array headers", () => ({ headers: Object.freeze([Object.freeze(["Host", host()])]) as never })],
    ["Expect: 100-continue", () => ({ method: "POST", headers: { expect: "100-continue" } })],
    ["a Host header of another target", () => ({ headers: { host: "orders.svc:80" } })],
  ])("sends the name with %s", async (_, options) => {
    const { seen, counted } = await sendCounted(() => sendByNode(target.origin, options()));
    expect(seen.names).toEqual(["vc-1"]);
    expect(counted).toEqual({ sent: 1 });
  });

  test("leaves the caller's own header in an array as it is, and rewrites baggage in a copy", async () => {
    const own = Object.freeze(["host", host(), "VIRTUAL-cluster-name", "Mine!"]);
    expect((await sendCounted(() => sendByNode(target.origin, { headers: own as never }))).counted).toEqual({ "caller-set": 1 });
    const baggage = Object.freeze(["host", host(), "baggage", "virtual-cluster-name=vc-9"]);
    const { seen } = await sendCounted(() => sendByNode(target.origin, { headers: baggage as never }));
    expect(seen).toMatchObject({ names: ["vc-1"], baggage: ["virtual-cluster-name=vc-1"] });
  });

  test("sends nothing where the Host header names a host that is no target", async () => {
    const { seen, counted } = await sendCounted(() => sendByNode(target.origin, { headers: { host: "example.com" } }));
    expect(seen.names).toEqual([]);
    expect(counted).toEqual({ "not-a-target": 1 });
  });

  test("judges a proxy request by the URL that it asks for", async () => {
    const { port } = target;
    const to = (path: string) =>
      sendCounted(() =>
        sendByNode({ host: "127.0.0.1", port, path, setHost: false, headers: { connection: "close", host: new URL(path).host } }),
      );
    expect((await to("http://orders.svc/x")).seen.names).toEqual(["vc-1"]);
    expect((await to("http://example.com/x")).counted).toEqual({ "not-a-target": 1 });
  });

  test("lets the caller set its own header until the head is sent", async () => {
    const { seen, counted } = await sendCounted(
      () =>
        new Promise<Echo>((resolve, reject) => {
          const request = http.request(target.origin, { agent: false }, (response) => {
            response.setEncoding("utf8").once("data", (text) => resolve(JSON.parse(text)));
          });
          request.on("error", reject);
          request.setHeader(HEADER, "Mine!");
          request.end();
        }),
    );
    expect(seen.names).toEqual(["Mine!"]);
    expect(counted).toEqual({ "caller-set": 1 });
  });

  test("does not send the name over CONNECT", async () => {
    const seen: string[][] = [];
    const proxy = createServer().on("connect", (request: IncomingMessage, socket: Socket) => {
      seen.push(valuesOnTheWire(request, HEADER));
      socket.end("HTTP/1.1 200 OK\r\n\r\n");
    });
    const { port, close } = await listenOn(proxy);
    const before = stats().withheld.connect;
    await runInVirtualCluster("vc-1", async () => {
      const request = http.request({ port, host: "127.0.0.1", method: "CONNECT", path: "orders.svc:80", agent: false });
      request.end();
      const [, socket] = await once(request, "connect");
      socket.destroy();
    });
    await close();
    expect(seen).toEqual([[]]);
    expect(stats().withheld.connect).toBe(before + 1);
  });

  test("sends nothing with a request whose origin is uncertain: one that was made without any header, to be sent later", async () => {
    const before = stats().withheld["uncertain-origin"];
    await new Promise<void>((resolve, reject) => {
      const request = runInVirtualCluster("vc-1", () =>
        http.request({ port: target.port, host: "127.0.0.1", setHost: false, agent: false }),
      );
      request.on("error", reject);
      request.on("response", (response) => response.resume().on("end", resolve));
      runInVirtualCluster("vc-2", () => request.end());
    });
    expect(stats().withheld["uncertain-origin"]).toBe(before + 1);
  });

  test("a request that waits for a socket is sent with the name of who made it, by whomever it is sent", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const names = ["vc-1", undefined, "vc-2", undefined, "vc-3"];
    const seen = await Promise.all(names.map((name) => runInVirtualCluster(name, () => sendByNode(target.origin, { agent }))));
    agent.destroy();
    expect(seen.map((each) => each.names)).toEqual([["vc-1"], [], ["vc-2"], [], ["vc-3"]]);
  });
});

test("node:https carries the name in and out", async () => {
  register({ inbound: true });
  const seen: (string | undefined)[] = [];
  const server = https.createServer(selfSigned, (request, response) => {
    seen.push(currentVirtualCluster(), ...valuesOnTheWire(request, HEADER));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  for (const name of ["vc-1", undefined]) {
    const request = runInVirtualCluster(name, () => https.get({ host: "127.0.0.1", port, ca: selfSigned.cert, agent: false }));
    const [response] = await once(request, "response");
    await once(response.resume(), "end");
  }
  server.close();
  expect(seen).toEqual(["vc-1", "vc-1", undefined]);
});
