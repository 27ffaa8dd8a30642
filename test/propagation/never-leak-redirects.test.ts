import { register } from "@puggle/propagation";
import axios from "axios";
import got from "got";
import got14 from "got14";
import nodeFetch from "node-fetch";
import nodeFetch2 from "node-fetch2";
import superagent from "superagent";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen } from "./loopback.ts";
import { type Echo, echo, sendCounted } from "./outbound-clients.ts";
import { HEADER } from "./requests.ts";

let target: Loopback;
let stranger: Loopback;

beforeAll(async () => {
  target = await listen(echo, "127.0.0.1");
  stranger = await listen(echo, "127.0.0.2");
});

afterAll(async () => {
  await target.close();
  await stranger.close();
});

beforeEach(() => {
  register({ targets: ["127.0.0.1"], inbound: false });
});

type Send = (url: string, headers: Record<string, string>) => Promise<unknown>;

/** Sends a GET and follows where it is sent. */
const clients: Record<string, Send> = {
  fetch: async (url, headers) => (await fetch(url, { headers })).json(),
  "undici 6 fetch": async (url, headers) => (await undici6.fetch(url, { headers })).json(),
  "undici 7 fetch": async (url, headers) => (await undici7.fetch(url, { headers })).json(),
  "undici 8 fetch": async (url, headers) => (await undici8.fetch(url, { headers })).json(),
  "undici 6 with maxRedirections": async (url, headers) =>
    (await undici6.request(url, { headers, maxRedirections: 5, dispatcher: new undici6.Agent() })).body.json(),
  "undici 6 with an interceptor": async (url, headers) => {
    const dispatcher = new undici6.Agent().compose(undici6.interceptors.redirect({ maxRedirections: 5 }));
    return (await undici6.request(url, { headers, dispatcher })).body.json();
  },
  "undici 7 with interceptors": async (url, headers) => {
    const { redirect, retry, dns } = undici7.interceptors;
    const dispatcher = new undici7.Agent().compose(dns(), redirect({ maxRedirections: 5 }), retry());
    return (await undici7.request(url, { headers, dispatcher })).body.json();
  },
  "undici 8 with interceptors": async (url, headers) => {
    const { redirect, retry, dns, cache } = undici8.interceptors;
    const dispatcher = new undici8.Agent().compose(dns(), redirect({ maxRedirections: 5 }), retry(), cache());
    return (await undici8.request(url, { headers, dispatcher })).body.json();
  },
  "node-fetch 2": async (url, headers) => (await (nodeFetch2 as typeof nodeFetch)(url, { headers })).json(),
  "node-fetch 3": async (url, headers) => (await nodeFetch(url, { headers })).json(),
  axios: async (url, headers) => (await axios.get(url, { headers })).data,
  "axios by fetch": async (url, headers) => (await axios.get(url, { headers, adapter: "fetch" })).data,
  "got 14": (url, headers) => got14(url, { headers }).json(),
  "got 16": (url, headers) => got(url, { headers }).json(),
  superagent: async (url, headers) => JSON.parse((await superagent.get(url).set(headers).buffer(true)).text),
};

/** A URL that leads on to the next, and so to the last. */
function chain(...origins: string[]): string {
  return origins.reduceRight((to, origin) => (to === "" ? `${origin}/end` : `${origin}/?to=${encodeURIComponent(to)}`), "");
}

describe.each(Object.entries(clients))("%s, redirected,", (_, send) => {
  const sendTo = (origins: string[], headers: Record<string, string> = {}) =>
    sendCounted(() => send(chain(...origins), headers) as Promise<Echo>);

  test("from a target to a target takes the name along, once", async () => {
    const { seen, counted } = await sendTo([target.origin, target.origin]);
    expect(seen).toMatchObject({ url: "/end", names: ["vc-1"] });
    expect(counted).toEqual({ sent: 2 });
  });

  test("from a target to another host leaves the name behind", async () => {
    const { seen, counted } = await sendTo([target.origin, stranger.origin]);
    expect(seen).toMatchObject({ url: "/end", names: [] });
    expect(counted).toEqual({ sent: 1, "not-a-target": 1 });
  });

  test("through another host and back to a target has the name again", async () => {
    const { seen, counted } = await sendTo([target.origin, stranger.origin, target.origin]);
    expect(seen).toMatchObject({ url: "/end", names: ["vc-1"] });
    expect(counted).toEqual({ sent: 2, "not-a-target": 1 });
  });

  test("from another host to one that only looks like a target has none", async () => {
    const { seen, counted } = await sendTo([stranger.origin, `http://localhost:${target.port}`]);
    expect(seen).toMatchObject({ url: "/end", names: [] });
    expect(counted).toEqual({ "not-a-target": 2 });
  });

  test("leaves baggage to others as the caller wrote it", async () => {
    const baggage = "a=1,virtual-cluster-name=vc-9";
    expect((await sendTo([stranger.origin, stranger.origin], { baggage })).seen.baggage).toEqual([baggage]);
    expect((await sendTo([target.origin, stranger.origin], { baggage })).seen.baggage).toEqual([baggage]);
    expect((await sendTo([stranger.origin, target.origin], { baggage })).seen.baggage).toEqual(["a=1,virtual-cluster-name=vc-1"]);
  });

  test("does with the caller's own header what it does with any other", async () => {
    const { seen, counted } = await sendTo([target.origin, stranger.origin], { [HEADER]: "mine" });
    expect(seen).toMatchObject({ url: "/end", names: ["mine"] });
    expect(counted).toEqual({ "caller-set": 2 });
  });
});
