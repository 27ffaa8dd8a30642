import http, { type RequestListener, type RequestOptions } from "node:http";
import { runInVirtualCluster, stats } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { valuesOnTheWire } from "./loopback.ts";
import { HEADER } from "./requests.ts";

/** What a server saw of the request that it answered. */
export interface Echo {
  readonly names: string[];
  readonly baggage: string[];
  readonly url: string;
}

/** Answers with what came over the wire, or sends the client to where the query says. */
export const echo: RequestListener = (request, response) => {
  request.resume();
  const to = new URL(request.url ?? "", "http://x").searchParams.get("to");
  const seen = { names: valuesOnTheWire(request, HEADER), baggage: valuesOnTheWire(request, "baggage"), url: request.url ?? "" };
  if (to !== null) response.writeHead(302, { location: to }).end();
  else response.end(JSON.stringify(seen satisfies Echo));
};

/** A client that follows redirects, where it can. */
export type Send = (url: string, headers?: Record<string, string>) => Promise<Echo>;

/** Sends with `node:http`, which follows no redirects. */
export function sendByNode(url: string | RequestOptions, options: RequestOptions = {}): Promise<Echo> {
  return new Promise((resolve, reject) => {
    const settings = typeof url === "string" ? options : { ...url, ...options };
    const outgoing =
      typeof url === "string" ? http.request(url, { agent: false, ...settings }) : http.request({ agent: false, ...settings });
    outgoing.on("response", (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(JSON.parse(text)));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** The clients that follow redirects, by name. */
export const redirectingClients: Readonly<Record<string, Send>> = {
  fetch: async (url, headers = {}) => (await (await fetch(url, { headers })).json()) as Echo,
  "undici 6": async (url, headers = {}) => {
    const { body } = await undici6.request(url, { headers, maxRedirections: 3, dispatcher: new undici6.Agent() });
    return (await body.json()) as Echo;
  },
  "undici 7": async (url, headers = {}) => {
    const dispatcher = new undici7.Agent().compose(undici7.interceptors.redirect({ maxRedirections: 3 }));
    return (await (await undici7.request(url, { headers, dispatcher })).body.json()) as Echo;
  },
  "undici 8": async (url, headers = {}) => {
    const dispatcher = new undici8.Agent().compose(undici8.interceptors.redirect({ maxRedirections: 3 }));
    return (await (await undici8.request(url, { headers, dispatcher })).body.json()) as Echo;
  },
};

/** All clients, by name. */
export const clients: Readonly<Record<string, Send>> = {
  "node:http": (url, headers = {}) => sendByNode(url, { headers }),
  ...redirectingClients,
};

/** Sends as a request of vc-1, and tells what the library counted meanwhile. */
export async function sendCounted(send: () => Promise<Echo>): Promise<{ seen: Echo; counted: Record<string, number> }> {
  const before = stats();
  const seen = await runInVirtualCluster("vc-1", send);
  const after = stats();
  const pairs = Object.entries({ sent: after.sent, failures: after.failures, rewritten: after.baggageRewritten, ...after.withheld });
  const old: Record<string, number> = {
    sent: before.sent,
    failures: before.failures,
    rewritten: before.baggageRewritten,
    ...before.withheld,
  };
  return {
    seen,
    counted: Object.fromEntries(pairs.map(([key, count]) => [key, count - (old[key] ?? 0)]).filter(([, count]) => count !== 0)),
  };
}
