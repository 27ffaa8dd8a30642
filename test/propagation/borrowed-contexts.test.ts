import http, { type RequestListener } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import * as grpc from "@grpc/grpc-js";
import { currentVirtualCluster, register, runInVirtualCluster, unregister } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createClient, createEcho, serve } from "./grpc-service.ts";
import { type Loopback, listen, valuesOnTheWire } from "./loopback.ts";
import { HEADER } from "./requests.ts";

/**
 * What runs in the context of whoever opened a connection, ended the response before, or let go of what was held back, unless it is told its own
 * request's.
 */
type Undici = typeof undici8;
const versions: [string, Undici][] = [
  ["6", undici6 as unknown as Undici],
  ["7", undici7 as unknown as Undici],
  ["8", undici8],
];
const callers = ["vc-a", "vc-b", undefined, "vc-c"] as const;

/** Each request that came, with the names that it brought. */
let seen: Record<string, string[]>;
let service: Loopback;
let opened: Loopback[];

beforeEach(async () => {
  register({ reportLost: false });
  seen = {};
  opened = [];
  service = await open((request, response) => {
    seen[request.url ?? ""] = valuesOnTheWire(request, HEADER);
    request.resume();
    request.on("end", () => setTimeout(() => response.end("ok"), 10));
  });
});

afterEach(async () => {
  for (const each of opened) await each.close();
  unregister();
});

async function open(listener: RequestListener): Promise<Loopback> {
  const loopback = await listen(listener);
  opened.push(loopback);
  return loopback;
}

/** Runs a piece of work as each caller, at once. */
const asEach = (work: (path: string) => Promise<unknown>) =>
  Promise.all(callers.map((name) => runInVirtualCluster(name, () => work(`/${name ?? "unnamed"}`))));

/** Asks the service for something from inside of somebody's callback. */
const ask = (path: string) =>
  new Promise<void>((resolve, reject) => {
    const request = http.get(service.origin + path, { agent: false }, (response) => response.resume().on("end", resolve));
    request.on("error", reject);
  });

/** What the service sees of calls that each carry their own caller's name. */
const owned = (prefix = "") =>
  Object.fromEntries(callers.map((name) => [`${prefix}/${name ?? "unnamed"}`, name === undefined ? [] : [name]]));

const sightings = (prefix: string) => Object.fromEntries(Object.entries(seen).filter(([path]) => path.startsWith(prefix)));

describe.each(versions)("undici %s", (_version, { Agent, Client, Pool, request: send }) => {
  const bodies: [string, (path: string) => AsyncGenerator<string> | Readable][] = [
    [
      "an async generator",
      async function* (path) {
        yield "x";
        await ask(`/from${path}`);
      },
    ],
    [
      "a Readable",
      (path) => {
        let isAsked = false;
        return new Readable({
          read() {
            if (isAsked) return void this.push(null);
            isAsked = true;
            ask(`/from${path}`).then(() => this.push("x"));
          },
        });
      },
    ],
  ];

  test.each(bodies)("does not run the body of a request, %s, in the request of whoever opened the connection", async (_, createBody) => {
    const dispatchers = [new Client(service.origin, { pipelining: 1 }), new Pool(service.origin, { connections: 1 })];
    for (const dispatcher of dispatchers) {
      seen = {};
      await asEach(async (path) => {
        const { body } = await dispatcher.request({ path, method: "POST", body: createBody(path) as Readable });
        await body.dump();
      });
      expect(sightings("/vc-")).toEqual({ "/vc-a": ["vc-a"], "/vc-b": ["vc-b"], "/vc-c": ["vc-c"] });
      // Undici asks for the body of one that waited from its connection, where it belongs to nobody: then it has its own name or none.
      for (const name of callers) {
        const path = `/from/${name ?? "unnamed"}`;
        expect([[], name === undefined ? [] : [name]], path).toContainEqual(seen[path]);
      }
      await dispatcher.close();
    }
  });

  test("runs a body in the process's own virtual cluster where the request that opened the connection was in that too", async () => {
    register({ virtualCluster: "vc-own" });
    const client = new Client(service.origin, { pipelining: 1 });
    const names: unknown[] = [];
    const body = async function* () {
      names.push(currentVirtualCluster());
      yield "x";
      await ask("/from");
    };
    const post = async (path: string, content: unknown) =>
      (await client.request({ path, method: "POST", body: content as Readable })).body.dump();
    await Promise.all([post("/text", "x"), post("/streamed", body())]);
    await runInVirtualCluster("vc-a", () => post("/named", "x"));
    await client.close();
    expect(names).toEqual(["vc-own"]);
    expect(seen).toEqual({ "/text": ["vc-own"], "/streamed": ["vc-own"], "/from": ["vc-own"], "/named": ["vc-a"] });
  });

  test("runs the handler of an interceptor that holds requests back in its own request", async () => {
    type Handler = Record<string, (...values: unknown[]) => unknown>;
    const names: Record<string, unknown> = {};
    const watched = (inner: Handler, path: string) =>
      new Proxy(inner, {
        get(target, event) {
          const inherited: unknown = Reflect.get(target, event);
          if (typeof inherited !== "function") return inherited;
          return (...values: unknown[]) => {
            if (event === "onComplete" || event === "onResponseEnd") names[path] = currentVirtualCluster();
            return inherited.apply(target, values);
          };
        },
      });
    const held: (() => void)[] = [];
    const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
      held.push(() => dispatch(options, watched(handler as unknown as Handler, options.path) as never));
      if (held.length === callers.length) for (const release of held.splice(0)) release();
      return true;
    });
    await asEach(async (path) => (await send(service.origin + path, { dispatcher })).body.dump());
    await dispatcher.close();
    expect(names).toEqual({ "/vc-a": "vc-a", "/vc-b": "vc-b", "/unnamed": undefined, "/vc-c": "vc-c" });
    expect(seen).toEqual(owned());
  });
});

describe("node:http", () => {
  test("calls back what a response wrote in its own request, when it waited for its turn on the connection", async () => {
    const names: Record<string, unknown> = {};
    const server = await open((request, response) => {
      const path = request.url ?? "";
      const answer = () => {
        response.write("x", () => {
          names[path] = currentVirtualCluster();
        });
        response.write("y", "utf8", () => {
          names[`${path} with an encoding`] = currentVirtualCluster();
        });
        response.end();
      };
      if (path === "/vc-a") setTimeout(answer, 30);
      else answer();
    });
    const socket = connect(server.port, "127.0.0.1");
    const head = (name: string | undefined) =>
      `GET /${name ?? "unnamed"} HTTP/1.1\r\nHost: x\r\n${name === undefined ? "" : `${HEADER}: ${name}\r\n`}\r\n`;
    socket.resume().write(callers.map(head).join(""));
    await expect.poll(() => Object.keys(names).length).toBe(8);
    socket.destroy();
    const expected = callers.flatMap((name) => [
      [`/${name ?? "unnamed"}`, name],
      [`/${name ?? "unnamed"} with an encoding`, name],
    ]);
    expect(names).toEqual(Object.fromEntries(expected));
  });

  test("opens the connection of a request that waited for it in its own request", async () => {
    const closing = await open((request, response) => {
      request.resume();
      response.writeHead(200, { connection: "close" });
      setTimeout(() => response.end("ok"), 10);
    });
    const created: unknown[] = [];
    class Watched extends http.Agent {
      override createConnection(...given: Parameters<http.Agent["createConnection"]>) {
        created.push(currentVirtualCluster());
        return super.createConnection(...given);
      }
    }
    let lookups = 0;
    const agent = new Watched({
      maxSockets: 1,
      lookup: (_host, { all }, callback) => {
        const path = `/lookup/${callers[lookups++] ?? "unnamed"}`;
        ask(path).then(() => (all === true ? callback(null, [{ address: "127.0.0.1", family: 4 }]) : callback(null, "127.0.0.1", 4)));
      },
    });
    await asEach(
      (path) =>
        new Promise((resolve, reject) => {
          const request = http.get({ host: "orders", port: closing.port, path, agent }, (response) => response.resume().on("end", resolve));
          request.on("error", reject);
        }),
    );
    agent.destroy();
    expect(created).toEqual([...callers]);
    expect(sightings("/lookup")).toEqual(owned("/lookup"));
  });
});

test("gRPC asks the credentials of a call for metadata in its own request", async () => {
  const server = await serve(createEcho());
  const client = createClient(server.target);
  const names: Record<string, unknown> = {};
  const credentialsOf = (path: string) =>
    grpc.credentials.createFromMetadataGenerator((_options, callback) => {
      names[path] = currentVirtualCluster();
      ask(`/token${path}`).then(() => callback(null, new grpc.Metadata()));
    });
  const answers = await asEach(
    (path) =>
      new Promise((resolve, reject) => {
        const credentials = credentialsOf(path).compose(credentialsOf(`/composed${path}`));
        client.unary({}, new grpc.Metadata(), { credentials }, (error: unknown, answer: { readonly names: string[] }) =>
          error === null ? resolve(answer.names) : reject(error),
        );
      }),
  );
  client.close();
  server.close();
  expect(answers).toEqual(callers.map((name) => (name === undefined ? [] : [name])));
  expect(sightings("/token")).toEqual({ ...owned("/token"), ...owned("/token/composed") });
  expect(Object.keys(names)).toHaveLength(2 * callers.length);
});
