import http from "node:http";
import type { Got } from "got";
import { selfSigned } from "../../self-signed.ts";
import { type OpenedWay, reasons, type WayOut } from "./way.ts";

const loaders: readonly [installedAs: string, load: () => Promise<Got>][] = [
  ["got14", async () => (await import("got14")).default as unknown as Got],
  ["got", async () => (await import("got")).default],
];

/** The ways of got: as a promise, as a stream, and over HTTP/2. */
export const waysOfGot: readonly WayOut[] = loaders.flatMap(([installedAs, load]): WayOut[] => [
  {
    name: "got",
    package: installedAs,
    server: "http",
    cannot: { pipelining: reasons.sequential },
    open: async () => openHttp(await load(), asPromise),
  },
  {
    name: "got stream",
    package: installedAs,
    server: "http",
    cannot: { pipelining: reasons.sequential, "streamed body": reasons.noBody, "events of an abort": reasons.abortedElsewhere },
    open: async () => openHttp(await load(), asStream),
  },
  { name: "got over HTTP/2", package: installedAs, server: "h2", cannot: {}, open: async () => openHttp2(await load()) },
]);

type Send = (client: Got, ...rest: Parameters<OpenedWay["send"]>) => Promise<string>;

const asPromise: Send = (client, url, { headers = {}, signal, body } = {}) => {
  const sent = body === undefined ? {} : { method: "POST" as const, body: body as never };
  return client(url, { headers, ...sent, ...(signal === undefined ? {} : { signal }) }).text();
};

const asStream: Send = async (client, url, { headers = {}, signal, note } = {}) => {
  const stream = client.stream(url, { headers, ...(signal === undefined ? {} : { signal }) });
  for (const event of ["request", "response", "data", "end", "error"] as const) stream.on(event as "end", () => note?.(`stream ${event}`));
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
};

function openHttp(got: Got, send: Send): OpenedWay {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 3 });
  const client = got.extend({ agent: { http: agent }, retry: { limit: 0 } });
  return { send: (...rest) => send(client, ...rest), close: async () => agent.destroy() };
}

function openHttp2(got: Got): OpenedWay {
  const client = got.extend({ http2: true, https: { certificateAuthority: selfSigned.cert }, retry: { limit: 0 } });
  return { send: (...rest) => asPromise(client, ...rest), close: async () => {} };
}
