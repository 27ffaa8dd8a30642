import { type HttpBindings, serve } from "@hono/node-server";
import { virtualCluster } from "@puggle/propagation/hono";
import { Hono } from "hono";
import { stream } from "hono/streaming";
import { PATHS, type Service } from "./service.ts";
import { versionOf } from "./versions.ts";
import type { Opened, WayIn } from "./way.ts";

export const honoWays: readonly WayIn[] = (["preload", "adapter"] as const).map((by) => ({
  way: "Hono on @hono/node-server",
  version: versionOf("hono"),
  by,
  cannot: {},
  open: (service) => listen(createApp(service, by)),
}));

type App = Hono<{ Bindings: HttpBindings }>;

function createApp(service: Service, by: WayIn["by"]): App {
  const app: App = new Hono();
  if (by === "adapter") app.use(virtualCluster());
  for (const path of PATHS.raw) {
    app.post(path, async (context) => {
      const { incoming, outgoing } = context.env;
      return context.text(await service.answer({ request: incoming as never, response: outgoing as never }));
    });
  }
  app.post(PATHS.parse, async (context) => context.text(await service.parsed(context.env.incoming as never, await context.req.json())));
  app.post(PATHS.fail, (context) => service.fail(context.env.incoming as never));
  app.post(PATHS.stream, (context) => {
    return stream(context, async (writer) => {
      for await (const page of service.pages(context.env.incoming as never)) await writer.write(page);
    });
  });
  app.onError((_error, context) => context.text(service.caught(context.env.incoming as never), 500));
  return app;
}

function listen(app: App): Promise<Opened> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
      const close = () => {
        const closed = new Promise((done) => server.close(done));
        if ("closeAllConnections" in server) server.closeAllConnections();
        return closed;
      };
      resolve({ protocol: "http", port, close });
    });
  });
}
