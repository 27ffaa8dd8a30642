import http from "node:http";
import { register } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";

/** One way for a service to call another: takes the origin and gives the body of the answer. */
export type OutboundWay = (origin: string) => Promise<string>;

// The copies above are loaded already, as they are in a service that registers late: the ways below are made after.
register();

/** Enough for a downstream that fails every third time. */
const RETRIES = { maxRetries: 50, minTimeout: 1, maxTimeout: 5, timeoutFactor: 1 };

type Dispatcher8 = undici8.Dispatcher;

function waysOfUndici8(): Record<string, OutboundWay> {
  const by = (dispatcher: Dispatcher8, path = "/echo"): OutboundWay => {
    return async (origin) => (await undici8.request(origin + path, { dispatcher })).body.text();
  };
  return {
    "undici 8 request": async (origin) => (await undici8.request(`${origin}/echo`)).body.text(),
    "undici 8 fetch": async (origin) => (await undici8.fetch(`${origin}/echo`)).text(),
    "undici 8 with 2 connections": by(new undici8.Agent({ connections: 2 })),
    "undici 8 pipelining": by(new undici8.Agent({ connections: 2, pipelining: 5 })),
    "undici 8 redirect": by(
      new undici8.Agent({ connections: 4 }).compose(undici8.interceptors.redirect({ maxRedirections: 3 })),
      "/redirect",
    ),
    "undici 8 retry": by(new undici8.Agent({ connections: 4 }).compose(undici8.interceptors.retry(RETRIES)), "/flaky"),
    "undici 8 retry agent": by(new undici8.RetryAgent(new undici8.Agent({ connections: 4 }), RETRIES), "/flaky"),
  };
}

function waysOfUndici7(): Record<string, OutboundWay> {
  const by = (dispatcher: undici7.Dispatcher, path = "/echo"): OutboundWay => {
    return async (origin) => (await undici7.request(origin + path, { dispatcher })).body.text();
  };
  return {
    "undici 7 request": async (origin) => (await undici7.request(`${origin}/echo`)).body.text(),
    "undici 7 fetch": async (origin) => (await undici7.fetch(`${origin}/echo`)).text(),
    "undici 7 with 2 connections": by(new undici7.Agent({ connections: 2 })),
    "undici 7 pipelining": by(new undici7.Agent({ connections: 2, pipelining: 5 })),
    "undici 7 redirect": by(
      new undici7.Agent({ connections: 4 }).compose(undici7.interceptors.redirect({ maxRedirections: 3 })),
      "/redirect",
    ),
    "undici 7 retry": by(new undici7.Agent({ connections: 4 }).compose(undici7.interceptors.retry(RETRIES)), "/flaky"),
  };
}

function waysOfUndici6(): Record<string, OutboundWay> {
  const by = (dispatcher: undici6.Dispatcher, path = "/echo", options: { maxRedirections?: number } = {}): OutboundWay => {
    return async (origin) => (await undici6.request(origin + path, { dispatcher, ...options })).body.text();
  };
  return {
    "undici 6 request": by(new undici6.Agent()),
    "undici 6 fetch": async (origin) => (await undici6.fetch(`${origin}/echo`)).text(),
    "undici 6 with 2 connections": by(new undici6.Agent({ connections: 2 })),
    "undici 6 pipelining": by(new undici6.Agent({ connections: 2, pipelining: 5 })),
    "undici 6 redirect": by(
      new undici6.Agent({ connections: 4 }).compose(undici6.interceptors.redirect({ maxRedirections: 3 })),
      "/redirect",
    ),
    "undici 6 maxRedirections": by(new undici6.Agent({ connections: 4 }), "/redirect", { maxRedirections: 3 }),
    "undici 6 retry": by(new undici6.Agent({ connections: 4 }).compose(undici6.interceptors.retry(RETRIES)), "/flaky"),
  };
}

function waysOfNode(): Record<string, OutboundWay> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 3 });
  const send = (origin: string, options: http.RequestOptions, body?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = http.request(`${origin}/echo`, { agent, ...options }, (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve(text));
      });
      request.on("error", reject);
      request.end(body);
    });
  return {
    fetch: async (origin) => (await fetch(`${origin}/echo`)).text(),
    "fetch with a redirect": async (origin) => (await fetch(`${origin}/redirect`)).text(),
    "node:http": (origin) => send(origin, {}),
    "node:http POST": (origin) => send(origin, { method: "POST" }, "a body"),
    "node:http array headers": (origin) => send(origin, { headers: ["Host", new URL(origin).host] as never }),
    "node:http Expect": (origin) => send(origin, { method: "POST", headers: { expect: "100-continue" } }, "a body"),
  };
}

/** Every way that the library covers, by name. */
export const outboundWays: Readonly<Record<string, OutboundWay>> = {
  ...waysOfUndici6(),
  ...waysOfUndici7(),
  ...waysOfUndici8(),
  ...waysOfNode(),
};
