import http from "node:http";
import { Readable } from "node:stream";
import { type OpenedWay, reasons, type WayOut } from "./way.ts";

type Fetch = (url: string, init: object) => Promise<{ readonly body: NodeJS.ReadableStream; text(): Promise<string> }>;

const cannot = { pipelining: reasons.sequential };

/** The two lines of node-fetch that are in use. */
export const waysOfNodeFetch: readonly WayOut[] = [
  {
    name: "node-fetch",
    package: "node-fetch2",
    server: "http",
    cannot,
    open: async () => openBy((await import("node-fetch2")).default as unknown as Fetch),
  },
  {
    name: "node-fetch",
    package: "node-fetch",
    server: "http",
    cannot,
    open: async () => openBy((await import("node-fetch")).default as unknown as Fetch),
  },
];

function openBy(fetch: Fetch): OpenedWay {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 3 });
  return {
    send: async (url, { headers = {}, signal, body, note } = {}) => {
      const sent = body === undefined ? {} : { method: "POST", body: Readable.from(body) };
      const response = await fetch(url, { agent, headers, ...sent, ...(signal === undefined ? {} : { signal }) });
      for (const event of ["data", "end"]) response.body.on(event, () => note?.(`body ${event}`));
      return response.text();
    },
    close: async () => agent.destroy(),
  };
}
