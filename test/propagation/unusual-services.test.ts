import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http, { createServer, IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentVirtualCluster, PropagationError, register, runInVirtualCluster, stats, unregister } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen, listenOn, valuesOnTheWire } from "./loopback.ts";
import { HEADER, sendText } from "./requests.ts";

/** What services do that few do: none of it may behave otherwise because of the library. */
type Undici = typeof undici8;
const versions: [string, Undici][] = [
  ["6", undici6 as unknown as Undici],
  ["7", undici7 as unknown as Undici],
  ["8", undici8],
];

let service: Loopback;
let failures: number;

beforeAll(async () => {
  service = await listen((request, response) => {
    response.end(
      JSON.stringify({ path: request.url, names: valuesOnTheWire(request, HEADER), baggage: valuesOnTheWire(request, "baggage") }),
    );
  });
});

afterAll(() => service.close());

beforeEach(() => {
  register({ reportLost: false });
  failures = stats().failures;
});

afterEach(() => unregister());

describe.each(versions)("undici %s", (_version, { Agent, Client, RetryAgent, interceptors, request: send }) => {
  class OwnFields {
    origin = service.origin;
    path = "/own";
    method = "GET" as const;
  }
  class PrivateFields {
    #path = "/private";
    get path() {
      return this.#path;
    }
    get origin() {
      return service.origin;
    }
    get method() {
      return "GET" as const;
    }
  }

  test.each([
    ["a client", () => new Client(service.origin), OwnFields],
    ["a client, with what is private to the class", () => new Client(service.origin), PrivateFields],
    ["an agent that redirects", () => new Agent().compose(interceptors.redirect({ maxRedirections: 2 })), OwnFields],
    ["an agent that retries", () => new Agent().compose(interceptors.retry()), OwnFields],
    ["a RetryAgent", () => new RetryAgent(new Agent()), OwnFields],
  ])("takes options of a class: %s", async (_, create, Options) => {
    const dispatcher = create();
    const options = new Options();
    const { body } = await runInVirtualCluster("vc-1", () => dispatcher.request(options));
    expect(await body.json()).toMatchObject({ path: options.path, names: ["vc-1"] });
    await dispatcher.close();
  });

  test.each([
    ["as two headers", ["baggage", `${HEADER}=other`, "baggage", "x=1"]],
    ["as one with two values", { baggage: [`${HEADER}=other`, "x=1"] }],
  ])("makes baggage agree that is sent %s", async (_, headers) => {
    register({ baggage: true });
    const { body } = await runInVirtualCluster("vc-1", () => send(service.origin, { headers }));
    const { names, baggage } = (await body.json()) as { names: string[]; baggage: string[] };
    expect({ names, baggage }).toEqual({ names: ["vc-1"], baggage: [`${HEADER}=vc-1,x=1`] });
  });
});

describe("an event that the service emits itself", () => {
  test.each([
    ["connect, without values", []],
    ["upgrade, without values", []],
    ["request, without values", []],
    ["request, with null", [null]],
  ])("reaches its listener: %s", (what, values) => {
    const server = createServer();
    const heard: unknown[][] = [];
    const event = what.split(",")[0] ?? "";
    server.on(event, (...given: unknown[]) => heard.push(given));
    expect(server.emit(event, ...values)).toBe(true);
    expect(heard).toEqual([values]);
  });

  test("reaches its listener with a response that is frozen", async () => {
    const request = runInVirtualCluster("vc-1", () => http.request(service.origin, { agent: false }));
    request.on("error", () => {});
    const heard: unknown[] = [];
    const response = Object.freeze({ statusCode: 200 });
    request.on("response", (given) => heard.push(given));
    expect(request.emit("response", response)).toBe(true);
    expect(heard).toEqual([response]);
    request.destroy();
  });

  test.each([
    ["in both forms", { rawHeaders: ["Host", "x", HEADER, "vc-1"], headers: { host: "x", [HEADER]: "vc-1" } }],
    ["parsed only", { headers: { host: "x", [HEADER]: "vc-1" } }],
  ])("brings the name of a request that no parser made, with its headers %s", (_, parts) => {
    const heard: unknown[] = [];
    const server = createServer(() => heard.push(currentVirtualCluster()));
    const request = Object.assign(new IncomingMessage(new Socket()), { method: "GET", url: "/" }, parts);
    server.emit("request", request, new http.ServerResponse(request));
    server.emit("request", { method: "GET", url: "/", ...parts }, new http.ServerResponse(request));
    expect(heard).toEqual(["vc-1", "vc-1"]);
    expect(stats().failures).toBe(failures);
  });

  test("brings a response that is none of node:http, with methods of its own", () => {
    const emitter = new EventEmitter();
    const methods = ["on", "once", "addListener", "emit", "removeListener", "listenerCount"] as const;
    const response = Object.fromEntries(methods.map((name) => [name, (...given: never[]) => Reflect.apply(emitter[name], emitter, given)]));
    const heard: string[] = [];
    const listener: RequestListener = (_request, given: ServerResponse) => {
      given.on("finish", () => heard.push("finish"));
      given.emit("finish");
    };
    const request = Object.assign(new IncomingMessage(new Socket()), { url: "/", rawHeaders: [HEADER, "vc-1"] });
    createServer(listener).emit("request", request, response);
    expect(heard).toEqual(["finish"]);
    expect(stats().failures).toBe(failures);
  });
});

test("a socket's own `on` stays where an upgrade hands the socket over", async () => {
  const heard: string[] = [];
  const server = createServer();
  server.on("connection", (socket) => {
    const on = function on(this: Socket, event: string, ...rest: unknown[]) {
      heard.push(event);
      return Reflect.apply(Socket.prototype.on, this, [event, ...rest]);
    };
    Object.assign(socket, { on });
  });
  server.on("upgrade", (_request, socket) => {
    socket.on("from-service", () => {});
    socket.end();
  });
  const upgraded = await listenOn(server);
  await sendText(upgraded.port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
  await upgraded.close();
  expect(heard).toContain("from-service");
});

test("a module that has a Client, an Agent and a Dispatcher, and is not undici, is left alone", () => {
  const folder = mkdtempSync(join(tmpdir(), "puggle-"));
  const file = join(folder, "bus.cjs");
  writeFileSync(
    file,
    `class Listener { onData() {} }
     class Dispatcher { dispatch(action, listener) { return [action, listener]; } }
     class Client extends Dispatcher {}
     class Agent extends Dispatcher {}
     module.exports = { Dispatcher, Client, Agent, Listener };`,
  );
  const bus = createRequire(import.meta.url)(file);
  rmSync(folder, { recursive: true });
  const [action, listener] = [{ type: "x" }, new bus.Listener()];
  const [sameAction, sameListener] = runInVirtualCluster("vc-1", () => new bus.Client().dispatch(action, listener));
  expect(sameAction).toBe(action);
  expect(sameListener).toBe(listener);
});

describe("what JavaScript lets a service give, and TypeScript does not,", () => {
  test("is no name, and said to be none", () => {
    const run: (name: never, work: () => unknown) => unknown = runInVirtualCluster;
    for (const name of [1n, 1, null, {}, Symbol("x")]) {
      expect(() => run(name as never, () => 1)).toThrow(expect.objectContaining({ code: "PUGGLE_INVALID_NAME" }));
    }
  });

  test("is no options, and said to be none", () => {
    expect(() => register([] as never)).toThrow(PropagationError);
  });

  test("is not read where it is inherited", () => {
    const { targets } = register();
    expect(register(Object.create({ targets: "x" })).targets).toEqual(targets);
  });
});
