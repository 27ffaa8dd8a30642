import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, createSecureServer } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { listenOn } from "../../loopback.ts";
import { selfSigned } from "../../self-signed.ts";
import { listenHttp2 } from "./http2-sessions.ts";
import { PATHS, type Service } from "./service.ts";
import type { Opened, WayIn } from "./way.ts";

const NO_ERROR_HANDLER = { "error handler": "has none" };
const HTTP2 = { ...NO_ERROR_HANDLER, pipelining: "HTTP/2 has streams instead" };

export const nodeWays: readonly WayIn[] = [
  way("node:http", NO_ERROR_HANDLER, async (service) => ({ protocol: "http", ...(await listenOn(createServer(listener(service)))) })),
  way("node:https", NO_ERROR_HANDLER, async (service) => ({
    protocol: "https",
    ...(await listenOn(createHttpsServer(selfSigned, listener(service)))),
  })),
  way("node:http2, no TLS", HTTP2, (service) => listenHttp2(createHttp2Server(listener(service) as never), "h2c")),
  way("node:http2, TLS", HTTP2, (service) => listenHttp2(createSecureServer(selfSigned, listener(service) as never), "h2")),
  way("node:http2, TLS, to HTTP/1.1", NO_ERROR_HANDLER, async (service) => ({
    ...(await listenHttp2(createSecureServer({ ...selfSigned, allowHTTP1: true }, listener(service) as never), "h2")),
    protocol: "https",
  })),
];

function way(name: string, cannot: WayIn["cannot"], open: (service: Service) => Promise<Opened>): WayIn {
  return { way: name, version: "", by: "preload", cannot, open };
}

function listener(service: Service) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    answer(service, request, response).catch((error) => response.destroy(error));
  };
}

async function answer(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === PATHS.stream) Readable.from(service.pages(request)).pipe(response);
  else if (request.url === PATHS.parse) response.end(await service.parsed(request, JSON.parse(await text(request))));
  else response.end(await service.answer({ request, response }));
}
