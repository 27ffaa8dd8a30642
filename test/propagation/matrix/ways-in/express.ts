import { createServer, type RequestListener } from "node:http";
import { Readable } from "node:stream";
import { virtualCluster } from "@puggle/propagation/express";
import express5, { type ErrorRequestHandler } from "express";
import express4 from "express4";
import { listenOn } from "../../loopback.ts";
import { PATHS, type Service } from "./service.ts";
import { versionOf } from "./versions.ts";
import type { WayIn } from "./way.ts";

export const expressWays: readonly WayIn[] = [
  ...(["preload", "adapter"] as const).flatMap((by) => [
    way(by, versionOf("express4"), (service) => createApp(express4, service, by)),
    way(by, versionOf("express"), (service) => createApp(express5, service, by)),
  ]),
];

function way(by: WayIn["by"], version: string, createApp: (service: Service) => RequestListener): WayIn {
  return {
    way: "Express",
    version,
    by,
    cannot: {},
    open: async (service) => ({ protocol: "http", ...(await listenOn(createServer(createApp(service)))) }),
  };
}

function createApp(express: typeof express5, service: Service, by: WayIn["by"]): RequestListener {
  const app = express();
  if (by === "adapter") app.use(virtualCluster());
  for (const path of PATHS.raw) {
    app.post(path, (request, response, next) => {
      service.answer({ request, response }).then((text) => response.send(text), next);
    });
  }
  app.post(PATHS.parse, express.json(), (request, response, next) => {
    service.parsed(request, request.body).then((text) => response.send(text), next);
  });
  app.post(PATHS.fail, (request, _response, next) => {
    service.fail(request).catch(next);
  });
  app.post(PATHS.stream, (request, response) => {
    Readable.from(service.pages(request)).pipe(response);
  });
  const onError: ErrorRequestHandler = (_error, request, response, _next) => {
    response.status(500).send(service.caught(request));
  };
  app.use(onError);
  return app;
}
