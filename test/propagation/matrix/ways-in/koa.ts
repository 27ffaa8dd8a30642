import { createServer, type RequestListener } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { virtualCluster } from "@puggle/propagation/koa";
import Koa3 from "koa";
import Koa2 from "koa2";
import { listenOn } from "../../loopback.ts";
import { listenHttp2 } from "./http2-sessions.ts";
import { PATHS, type Service } from "./service.ts";
import { versionOf } from "./versions.ts";
import type { WayIn } from "./way.ts";

export const koaWays: readonly WayIn[] = (["preload", "adapter"] as const).flatMap((by) => [
  way("Koa", versionOf("koa2"), by, (service) => createApp(Koa2, service, by)),
  way("Koa", versionOf("koa"), by, (service) => createApp(Koa3, service, by)),
  {
    ...way("Koa, HTTP/2", versionOf("koa"), by, () => () => {}),
    cannot: { pipelining: "HTTP/2 has streams instead" },
    open: async (service) => listenHttp2(createHttp2Server(createApp(Koa3, service, by) as never), "h2c"),
  },
]);

function way(name: string, version: string, by: WayIn["by"], listener: (service: Service) => RequestListener): WayIn {
  return {
    way: name,
    version,
    by,
    cannot: {},
    open: async (service) => ({ protocol: "http", ...(await listenOn(createServer(listener(service)))) }),
  };
}

function createApp(Koa: typeof Koa3, service: Service, by: WayIn["by"]): RequestListener {
  const app = new Koa();
  if (by === "adapter") app.use(virtualCluster());
  app.use(async (context, next) => {
    if (context.path === PATHS.parse) context.body = await service.parsed(context.req, JSON.parse(await text(context.req)));
    else if (context.path === PATHS.fail) await service.fail(context.req);
    else if (context.path === PATHS.stream) context.body = Readable.from(service.pages(context.req), { objectMode: false });
    else context.body = await service.answer({ request: context.req, response: context.res });
    await next();
  });
  app.on("error", (_error, context) => {
    if (context.path === PATHS.fail) service.caught(context.req);
  });
  return app.callback();
}
