import { createHmac } from "node:crypto";
import http, { type IncomingMessage } from "node:http";
import { register, runInVirtualCluster, stats } from "@puggle/propagation";
import axios from "axios";
import got from "got";
import nodeFetch from "node-fetch";
import superagent from "superagent";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen, valuesOnTheWire } from "./loopback.ts";
import { HEADER } from "./requests.ts";

const KEY = "not a secret";

interface Verdict {
  readonly signatureHolds: boolean;
  readonly signed: string;
  readonly names: string[];
}

let server: Loopback;

beforeAll(async () => {
  server = await listen((request, response) => {
    request.resume();
    response.end(JSON.stringify(verify(request)));
  });
});

afterAll(() => server.close());

beforeEach(() => {
  register({ targets: ["127.0.0.1"], inbound: false });
});

/** Signs headers as AWS does (Signature Version 4): their names in order, and a digest of names and values. */
function sign(headers: Readonly<Record<string, string>>): { signed: string; signature: string } {
  const names = Object.keys(headers).sort();
  const text = names.map((name) => `${name}:${headers[name]?.trim()}`).join("\n");
  return { signed: names.join(";"), signature: createHmac("sha256", KEY).update(text).digest("hex") };
}

function verify(request: IncomingMessage): Verdict {
  const [, signed = "", signature] = /SignedHeaders=([^,]*), Signature=(\w+)/.exec(request.headers.authorization ?? "") ?? [];
  const headers = Object.fromEntries(signed.split(";").map((name) => [name, valuesOnTheWire(request, name).join(",")]));
  return { signatureHolds: sign(headers).signature === signature, signed, names: valuesOnTheWire(request, HEADER) };
}

function withSignature(headers: Record<string, string>): Record<string, string> {
  const { signed, signature } = sign(headers);
  return { ...headers, authorization: `AWS4-HMAC-SHA256 SignedHeaders=${signed}, Signature=${signature}` };
}

type Signed = Record<string, string>;
type Undici = typeof undici8;

const byNode = (headers: http.OutgoingHttpHeaders) =>
  new Promise<Verdict>((resolve, reject) => {
    const request = http.get(server.origin, { headers, agent: false }, (response) => {
      response.setEncoding("utf8").once("data", (text) => resolve(JSON.parse(text)));
    });
    request.on("error", reject);
  });

const byUndici = async (undici: Undici, headers: unknown) =>
  (await (await undici.request(server.origin, { headers: headers as never })).body.json()) as Verdict;

/** The forms in which clients take headers. What is not ours to change is frozen, as far as JavaScript can. */
const forms: Record<string, { make(headers: Signed): unknown; read(made: never): [string, string][] }> = {
  "an object": { make: (headers) => Object.freeze({ ...headers }), read: (made) => Object.entries(made) },
  "an object without a prototype": {
    make: (headers) => Object.freeze(Object.assign(Object.create(null), headers)),
    read: (made) => Object.entries(made),
  },
  "a flat array": {
    make: (headers) => Object.freeze(Object.entries(headers).flat()),
    read: (made: string[]) => Array.from({ length: made.length / 2 }, (_, index) => [made[2 * index] ?? "", made[2 * index + 1] ?? ""]),
  },
  "an array of pairs": {
    make: (headers) => Object.freeze(Object.entries(headers).map((pair) => Object.freeze(pair))),
    read: (made: [string, string][]) => made.map(([name, value]) => [name, value]),
  },
  Headers: { make: (headers) => new Headers(headers), read: (made: Headers) => [...made] },
  "a Map": { make: (headers) => new Map(Object.entries(headers)), read: (made: Map<string, string>) => [...made] },
};

const clients: [string, keyof typeof forms, (headers: never) => Promise<unknown>][] = [
  ["node:http", "an object", byNode],
  ["node:http", "an object without a prototype", byNode],
  ["node:http", "a flat array", byNode],
  ["node:http", "an array of pairs", byNode],
  ["fetch", "an object", async (headers) => (await fetch(server.origin, { headers })).json()],
  ["fetch", "an array of pairs", async (headers) => (await fetch(server.origin, { headers })).json()],
  ["fetch", "Headers", async (headers) => (await fetch(server.origin, { headers })).json()],
  ...Object.entries({ "undici 6": undici6, "undici 7": undici7, "undici 8": undici8 }).flatMap(([name, undici]) =>
    ["an object", "an object without a prototype", "a flat array", "Headers", "a Map"].map((form): (typeof clients)[number] => [
      name,
      form,
      (headers) => byUndici(undici as unknown as Undici, headers),
    ]),
  ),
  ["axios", "an object", async (headers) => (await axios.get(server.origin, { headers })).data],
  ["axios by fetch", "an object", async (headers) => (await axios.get(server.origin, { headers, adapter: "fetch" })).data],
  ["got", "an object", (headers) => got(server.origin, { headers }).json()],
  ["node-fetch", "an object", async (headers) => (await nodeFetch(server.origin, { headers })).json()],
  ["superagent", "an object", async (headers) => JSON.parse((await superagent.get(server.origin).set(headers).buffer(true)).text)],
];

describe.each(clients)("%s with headers from %s", (_, form, send) => {
  const { make, read } = forms[form] ?? { make: () => undefined, read: () => [] };

  test("sends what was signed as it was signed, and the name beside it", async () => {
    const headers = { "x-amz-date": "20260101T000000Z", "x-amz-content-sha256": "e3b0", host: new URL(server.origin).host };
    const made = make(withSignature(headers));
    const before = read(made as never);
    for (const name of ["vc-1", undefined, "vc-2"]) {
      const verdict = (await runInVirtualCluster(name, () => send(made as never))) as Verdict;
      expect(verdict).toEqual({
        signatureHolds: true,
        signed: "host;x-amz-content-sha256;x-amz-date",
        names: name === undefined ? [] : [name],
      });
      expect(read(made as never)).toEqual(before);
    }
    expect(stats().failures).toBe(0);
  });

  test("signed again with the headers that were sent, as retries do, does not sign the name", async () => {
    const headers = Object.freeze({ "x-amz-date": "20260101T000000Z", host: new URL(server.origin).host });
    const first = make(withSignature(headers));
    await runInVirtualCluster("vc-1", () => send(first as never));
    const sent = Object.fromEntries(read(first as never).filter(([name]) => name !== "authorization"));
    const verdict = (await runInVirtualCluster("vc-1", () => send(make(withSignature(sent)) as never))) as Verdict;
    expect(verdict).toEqual({ signatureHolds: true, signed: "host;x-amz-date", names: ["vc-1"] });
  });

  test("signs the caller's own name, which stays as it is", async () => {
    const made = make(withSignature({ [HEADER]: "Mine", host: new URL(server.origin).host }));
    const verdict = (await runInVirtualCluster("vc-1", () => send(made as never))) as Verdict;
    expect(verdict).toEqual({ signatureHolds: true, signed: `host;${HEADER}`, names: ["Mine"] });
  });
});

test("a request of node:http tells who asks it for its headers those that the caller set", async () => {
  await runInVirtualCluster("vc-1", async () => {
    const request = http.request(server.origin, { agent: false, headers: { "X-Other": "1", baggage: "virtual-cluster-name=vc-9" } });
    const before = request.getHeaders();
    const answer = new Promise<IncomingMessage>((resolve, reject) => request.on("response", resolve).on("error", reject));
    request.end();
    (await answer).resume();
    expect(request.getHeaders()).toEqual(before);
    expect(request.getRawHeaderNames()).toEqual(["X-Other", "baggage", "Host"]);
  });
});
