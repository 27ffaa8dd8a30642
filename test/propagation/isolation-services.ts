import { createServer, type IncomingMessage } from "node:http";
import { connect, createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import express from "express";
import { Agent } from "undici";
import { listenOn } from "./loopback.ts";
import { HEADER } from "./requests.ts";

/** What a service does for a request, given what its URL says. */
export type Work = (query: URLSearchParams) => Promise<void>;

/** A service behind one way in, and a client of it. */
export interface ServiceUnderTest {
  readonly way: string;
  /** Sends a request and gives the status. */
  send(query: URLSearchParams, name: string | undefined, signal?: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

const queryOf = (url = "") => new URL(url, "http://x").searchParams;

/** Starts the same service behind each way in. */
export async function startServices(work: Work): Promise<ServiceUnderTest[]> {
  const onRequest = async (request: IncomingMessage, response: { end(): unknown }) => {
    await work(queryOf(request.url));
    response.end();
  };
  const app = express();
  app.get("/", async (request, response) => {
    await work(queryOf(request.url));
    response.json({});
  });
  return [
    await overHttp1("node:http", createServer(onRequest)),
    await overHttp1("Express", createServer(app)),
    await overHttp2("node:http2", createHttp2Server(onRequest as never)),
  ];
}

const headersOf = (name: string | undefined): Record<string, string> => (name === undefined ? {} : { [HEADER]: name });

async function overHttp1(way: string, server: ReturnType<typeof createServer>): Promise<ServiceUnderTest> {
  const { origin, close } = await listenOn(server);
  const dispatcher = new Agent({ connections: 100 });
  return {
    way,
    send: async (query, name, signal) => {
      const options = { path: `/?${query}`, method: "GET" as const, origin, headers: headersOf(name) };
      const { statusCode, body } = await dispatcher.request({ ...options, ...(signal === undefined ? {} : { signal }) });
      await body.dump();
      return statusCode;
    },
    close: async () => {
      await dispatcher.destroy();
      await close();
    },
  };
}

async function overHttp2(way: string, server: ReturnType<typeof createHttp2Server>): Promise<ServiceUnderTest> {
  const open = new Set<ServerHttp2Session>();
  server.on("session", (session) => open.add(session));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    way,
    send: async (query, name, signal) => {
      const stream = session.request({ ":path": `/?${query}`, ...headersOf(name) }, signal === undefined ? {} : { signal });
      const status = new Promise<number>((resolve, reject) => {
        stream.on("response", (headers) => resolve(Number(headers[":status"])));
        stream.on("error", reject);
      });
      const [code] = await Promise.all([status, text(stream)]);
      return code;
    },
    close: async () => {
      session.destroy();
      for (const each of open) each.destroy();
      server.close();
    },
  };
}
