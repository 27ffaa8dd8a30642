import "reflect-metadata";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { type ArgumentsHost, Body, Catch, Controller, type INestApplication, Module, Post, Req, Res } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { virtualCluster } from "@puggle/propagation/nestjs";
import { PATHS, type Service } from "./service.ts";
import { versionOf } from "./versions.ts";
import type { WayIn } from "./way.ts";

type Request = IncomingMessage & { readonly raw?: IncomingMessage };
type Response = ServerResponse & { readonly raw?: ServerResponse; send(body: unknown): void; status(code: number): Response };

export const nestWays: readonly WayIn[] = (["preload", "adapter"] as const).flatMap((by) => [
  way("NestJS on Express", by, (module) => NestFactory.create(module, new ExpressAdapter(), { logger: false })),
  way("NestJS on Fastify", by, async (module) => {
    const adapter = new FastifyAdapter({ forceCloseConnections: true });
    adapter.getInstance().addContentTypeParser("application/octet-stream", (_request, _payload, done) => done(null));
    return NestFactory.create(module, adapter, { logger: false });
  }),
]);

function way(name: string, by: WayIn["by"], create: (module: new () => object) => Promise<INestApplication>): WayIn {
  return {
    way: name,
    version: versionOf("@nestjs/core"),
    by,
    cannot: {},
    async open(service) {
      const app = await create(createModule(createController(service)));
      app.useGlobalFilters(createFilter(service));
      if (by === "adapter") app.use(virtualCluster());
      await app.listen(0, "127.0.0.1");
      const server = app.getHttpServer();
      const close = () => {
        server.closeAllConnections();
        return app.close();
      };
      return { protocol: "http", port: server.address().port, close };
    },
  };
}

function createModule(controller: new () => object): new () => object {
  class TestModule {}
  Module({ controllers: [controller] })(TestModule);
  return TestModule;
}

function createController(service: Service): new () => object {
  class TestController {
    answer(request: Request, response: Response): void {
      service.answer({ request: request.raw ?? request, response: response.raw ?? response }).then((text) => response.send(text));
    }
    parsed(request: Request, body: unknown): Promise<string> {
      return service.parsed(request, body);
    }
    fail(request: Request): Promise<never> {
      return service.fail(request);
    }
    stream(request: Request, response: Response): void {
      const pages = Readable.from(service.pages(request), { objectMode: false });
      if (response.raw === undefined) pages.pipe(response);
      else response.send(pages);
    }
  }
  Controller()(TestController);
  route(TestController.prototype, "answer", [...PATHS.raw], [Req, Res]);
  route(TestController.prototype, "parsed", PATHS.parse, [Req, Body]);
  route(TestController.prototype, "fail", PATHS.fail, [Req]);
  route(TestController.prototype, "stream", PATHS.stream, [Req, Res]);
  return TestController;
}

/** What decorators would do, which Node strips no types of. */
function route(prototype: object, method: string, path: string | string[], parameters: (() => ParameterDecorator)[]): void {
  parameters.forEach((decorator, index) => {
    decorator()(prototype, method, index);
  });
  const descriptor = Object.getOwnPropertyDescriptor(prototype, method);
  if (descriptor !== undefined) Post(path)(prototype, method, descriptor);
}

function createFilter(service: Service) {
  class Filter {
    catch(_error: unknown, host: ArgumentsHost): void {
      const http = host.switchToHttp();
      http.getResponse<Response>().status(500).send(service.caught(http.getRequest<Request>()));
    }
  }
  Catch()(Filter);
  return new Filter();
}
