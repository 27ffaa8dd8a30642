import "reflect-metadata";
import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  Controller,
  Get,
  type INestApplication,
  Inject,
  Injectable,
  type MiddlewareConsumer,
  Module,
  Query,
  Scope,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { currentVirtualCluster, register } from "@puggle/propagation";
import { virtualCluster } from "@puggle/propagation/nestjs";
import { tap } from "rxjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { namedInFlight } from "./matrix/ways-in/expectations.ts";
import { getJson, HEADER } from "./requests.ts";

/** Of the request that is answered; the tests send one at a time where they read this. */
let seen: Record<string, string | undefined> = {};

function look(place: string): void {
  seen[place] = currentVirtualCluster();
}

/** Made anew for each request. */
class PerRequest {
  readonly name = currentVirtualCluster();
}
Injectable({ scope: Scope.REQUEST })(PerRequest);

class TestController {
  readonly perRequest: PerRequest;

  constructor(perRequest: PerRequest) {
    this.perRequest = perRequest;
  }

  async answer(_query: string): Promise<{ name: string | null }> {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    look("handler");
    seen["request-scoped provider"] = this.perRequest.name;
    return { name: currentVirtualCluster() ?? null };
  }

  async fail(): Promise<never> {
    await Promise.resolve();
    throw new Error("meant to fail");
  }
}
Inject(PerRequest)(TestController, undefined, 0);
Query("q")(TestController.prototype, "answer", 0);
for (const method of ["answer", "fail"] as const) {
  Get(method)(TestController.prototype, method, Object.getOwnPropertyDescriptor(TestController.prototype, method) ?? {});
}
Controller()(TestController);

class TestFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    look("exception filter");
    host
      .switchToHttp()
      .getResponse()
      .status(500)
      .send({ name: currentVirtualCluster() ?? null });
  }
}
Catch()(TestFilter);

class AppModule {}
class ApplyingModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(virtualCluster()).forRoutes(TestController);
  }
}
for (const module of [AppModule, ApplyingModule]) Module({ controllers: [TestController], providers: [PerRequest] })(module);

beforeAll(() => {
  register({ inbound: false });
});

describe.each([
  ["Express", () => new ExpressAdapter()],
  ["Fastify", () => new FastifyAdapter({ forceCloseConnections: true })],
])("NestJS on %s", (_platform, createAdapter) => {
  let app: INestApplication;

  afterEach(() => app.close());

  async function start(module: new () => object, isGlobal: boolean): Promise<string> {
    app = await NestFactory.create(module, createAdapter(), { logger: false });
    if (isGlobal) app.use(virtualCluster());
    app.useGlobalGuards({
      canActivate() {
        look("guard");
        return true;
      },
    });
    app.useGlobalPipes({
      transform(value: unknown) {
        look("pipe");
        return value;
      },
    });
    app.useGlobalInterceptors({
      intercept(_context: unknown, next: CallHandler) {
        look("interceptor");
        return next.handle().pipe(tap(() => look("interceptor, after")));
      },
    });
    app.useGlobalFilters(new TestFilter());
    await app.listen(0, "127.0.0.1");
    seen = {};
    return `http://127.0.0.1:${app.getHttpServer().address().port}`;
  }

  describe.each([
    ["app.use", AppModule, true],
    ["consumer.apply", ApplyingModule, false],
  ])("by %s", (_way, module, isGlobal) => {
    test("guards, interceptors, pipes, request-scoped providers and handlers have the name", async () => {
      const origin = await start(module, isGlobal);
      await getJson(`${origin}/answer?q=1`, { [HEADER]: "vc-1" });
      const places = ["guard", "interceptor", "pipe", "handler", "request-scoped provider", "interceptor, after"];
      expect(seen).toEqual(Object.fromEntries(places.map((place) => [place, "vc-1"])));
    });

    test("exception filters have the name", async () => {
      const origin = await start(module, isGlobal);
      expect(await getJson(`${origin}/fail`, { [HEADER]: "vc-1" })).toEqual({ status: 500, json: { name: "vc-1" } });
      expect(seen["exception filter"]).toBe("vc-1");
    });

    test("requests are told apart, and none is left in flight", async () => {
      const origin = await start(module, isGlobal);
      const names = ["vc-1", null, "vc-2", null, "vc-3"];
      const answers = await Promise.all(
        names.map((name) => getJson<{ name: string | null }>(`${origin}/answer`, name === null ? {} : { [HEADER]: name })),
      );
      expect(answers.map(({ json }) => json.name)).toEqual(names);
      await expect.poll(namedInFlight).toBe(0);
    });
  });
});
