import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { currentVirtualCluster, register, stats, unregister } from "@puggle/propagation";
import { virtualCluster as express } from "@puggle/propagation/express";
import { virtualCluster as fastify } from "@puggle/propagation/fastify";
import { virtualCluster as hono } from "@puggle/propagation/hono";
import { virtualCluster as koa } from "@puggle/propagation/koa";
import { virtualCluster as nestjs } from "@puggle/propagation/nestjs";
import expressApp from "express";
import createFastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { afterEach, describe, expect, test, vi } from "vitest";
import { listenOn } from "./loopback.ts";
import { namedInFlight } from "./matrix/ways-in/expectations.ts";
import { getJson, HEADER } from "./requests.ts";

const answer = () => ({ name: currentVirtualCluster() ?? null });

/** Each makes an app with the adapter that answers with the name, and gives what Node is to call for each request. */
const adapters: Record<string, () => Promise<RequestListener>> = {
  Express: async () =>
    expressApp()
      .use(express())
      .get("/", (_, response) => response.json(answer())) as RequestListener,
  "NestJS, on Express": async () =>
    expressApp()
      .use(nestjs())
      .get("/", (_, response) => response.json(answer())) as RequestListener,
  Fastify: async () => {
    const app = createFastify();
    await app.register(fastify());
    app.get("/", async () => answer());
    await app.ready();
    return (request, response) => app.routing(request, response);
  },
  Koa: async () => {
    const app = new Koa().use(koa()).use((context) => {
      context.body = answer();
    });
    return app.callback();
  },
  Hono: async () => getRequestListener(new Hono().use(hono()).get("/", (context) => context.json(answer())).fetch) as RequestListener,
};

describe.each(Object.entries(adapters))("the adapter of %s", (_framework, create) => {
  afterEach(() => {
    vi.unstubAllEnvs();
    unregister();
  });

  async function ask(headers: Record<string, string>, spoil?: (request: IncomingMessage, response: ServerResponse) => void) {
    const listener = await create();
    const service = await listenOn(
      createServer((request, response) => {
        spoil?.(request, response);
        listener(request, response);
      }),
    );
    try {
      return (await getJson<{ name: string | null }>(service.origin, headers)).json.name;
    } finally {
      await service.close();
      await expect.poll(namedInFlight).toBe(0);
    }
  }

  test("takes the name where the server hook is off, and counts it once", async () => {
    register({ inbound: false });
    const before = stats().received.header;
    expect(await ask({ [HEADER]: "vc-1" })).toBe("vc-1");
    expect(stats().received.header).toBe(before + 1);
  });

  test("takes the name where nothing was registered", async () => {
    expect(await ask({ [HEADER]: "vc-1" })).toBe("vc-1");
  });

  test("does nothing where the server hook has made a scope already", async () => {
    register({ inbound: true });
    const before = stats().received.header;
    expect(await ask({ [HEADER]: "vc-1" })).toBe("vc-1");
    expect(stats().received.header).toBe(before + 1);
  });

  test("gives a request without a name the process's own virtual cluster", async () => {
    register({ inbound: false, virtualCluster: "vc-own" });
    expect([await ask({}), await ask({ [HEADER]: "vc-1" })]).toEqual(["vc-own", "vc-1"]);
  });

  test("does nothing while PUGGLE_PROPAGATION is off", async () => {
    vi.stubEnv("PUGGLE_PROPAGATION", "off");
    expect(await ask({ [HEADER]: "vc-1" })).toBe(null);
  });

  test("keeps an error of its own from the service, and counts it", async () => {
    register({ inbound: false });
    const before = stats().failures;
    // Whatever the reason: a request that nothing can be put on.
    const name = await ask({ [HEADER]: "vc-1" }, (request) => {
      const scope = Symbol.for("puggle.dev/propagation/v1/scope");
      Object.defineProperty(request, scope, {
        set() {
          throw new Error("no");
        },
      });
    });
    expect([name, stats().failures]).toEqual([null, before + 1]);
  });
});
