import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { virtualCluster } from "@puggle/propagation/fastify";
import fastify5, { type FastifyInstance } from "fastify";
import fastify4 from "fastify4";
import { selfSigned } from "../../self-signed.ts";
import { PATHS, type Service } from "./service.ts";
import { versionOf } from "./versions.ts";
import type { Opened, WayIn } from "./way.ts";

const HTTP2 = { pipelining: "HTTP/2 has streams instead" };

export const fastifyWays: readonly WayIn[] = (["preload", "adapter"] as const).flatMap((by) => [
  way("Fastify", versionOf("fastify4"), by, "http", () => fastify4({ forceCloseConnections: true }) as unknown as FastifyInstance),
  way("Fastify", versionOf("fastify"), by, "http", () => fastify5({ forceCloseConnections: true })),
  way("Fastify, HTTP/2", versionOf("fastify"), by, "h2", () => {
    return fastify5({ http2: true, https: selfSigned }) as unknown as FastifyInstance;
  }),
]);

function way(name: string, version: string, by: WayIn["by"], protocol: Opened["protocol"], createApp: () => FastifyInstance): WayIn {
  return {
    way: name,
    version,
    by,
    cannot: protocol === "http" ? {} : HTTP2,
    async open(service) {
      const app = createApp();
      if (by === "adapter") await app.register(virtualCluster());
      addRoutes(app, service);
      await app.listen({ port: 0, host: "127.0.0.1" });
      return { protocol, port: (app.server.address() as AddressInfo).port, close: () => app.close() };
    },
  };
}

function addRoutes(app: FastifyInstance, service: Service): void {
  app.addContentTypeParser("application/octet-stream", (_request, _payload, done) => done(null));
  for (const path of PATHS.raw) {
    app.post(path, ({ raw: request }, { raw: response }) => service.answer({ request, response }));
  }
  app.post(PATHS.parse, ({ raw, body }) => service.parsed(raw, body));
  app.post(PATHS.fail, ({ raw }) => service.fail(raw));
  app.post(PATHS.stream, ({ raw }, reply) => reply.send(Readable.from(service.pages(raw), { objectMode: false })));
  app.setErrorHandler((_error, { raw }, reply) => reply.status(500).send(service.caught(raw)));
}
