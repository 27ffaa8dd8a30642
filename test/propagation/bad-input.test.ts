import { createServer } from "node:http";
import { currentVirtualCluster, register, stats } from "@puggle/propagation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Loopback, listenOn } from "./loopback.ts";
import { getJson, HEADER, sendText } from "./requests.ts";

interface Answer {
  readonly name: string | null;
}

let ordinary: Loopback;
let roomy: Loopback;

beforeAll(async () => {
  register();
  const answer = () => JSON.stringify({ name: currentVirtualCluster() ?? null } satisfies Answer);
  ordinary = await listenOn(createServer((_, response) => response.end(answer())));
  roomy = await listenOn(createServer({ maxHeaderSize: 256 * 1024 }, (_, response) => response.end(answer())));
});

afterAll(async () => {
  await ordinary.close();
  await roomy.close();
});

function requestWith(headers: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"), Buffer.from(headers), Buffer.from("\r\n\r\n")]);
}

const line = (value: string) => `${HEADER}: ${value}`;

describe("a header that the server lets pass and that is no name is dropped, and counted", () => {
  test.each<[string, string | Buffer, keyof ReturnType<typeof stats>["dropped"]["header"]]>([
    ["twice, with two names", `${line("a")}\r\n${line("b")}`, "repeated"],
    ["twice, with one name", `${line("a")}\r\n${line("a")}`, "repeated"],
    ["twice, in two cases", `${line("a")}\r\nVirtual-Cluster-Name: b`, "repeated"],
    ["joined by a proxy", line("a, b"), "repeated"],
    ["empty", line(""), "empty"],
    ["of spaces", line("   "), "empty"],
    ["in upper case", line("PR-42"), "not-a-dns-label"],
    ["with an underscore", line("pr_42"), "not-a-dns-label"],
    ["with a dot", line("pr.42"), "not-a-dns-label"],
    ["with a tab inside", line("pr\t42"), "not-a-dns-label"],
    ["not UTF-8", Buffer.concat([Buffer.from(line("pr")), Buffer.from([0xff, 0xfe])]), "not-a-dns-label"],
    ["not ASCII", line("größe"), "not-a-dns-label"],
    ["one character too long", line("a".repeat(64)), "too-long"],
    ["the baseline's word", line("default"), "reserved"],
    ["64 KB long", line("a".repeat(64 * 1024)), "too-long"],
  ])("%s", async (_, headers, reason) => {
    const before = stats();
    const answer = await sendText(roomy.port, requestWith(headers));
    expect(answer).toContain("200 OK");
    expect(answer).toContain('{"name":null}');
    const after = stats();
    expect(after.dropped.header[reason]).toBe(before.dropped.header[reason] + 1);
    expect(after.received).toEqual(before.received);
    expect(after.failures).toBe(0);
  });
});

describe("a header that Node itself refuses never reaches the service", () => {
  test.each([
    ["with a NUL", line("pr\0"), "400"],
    ["with a control character", line("pr\x01"), "400"],
    ["with a bare CR", line("pr\r42"), "400"],
    ["folded over two lines", `${line("pr")}\r\n 42`, "400"],
  ])("%s", async (_, headers, status) => {
    const before = stats();
    expect(await sendText(ordinary.port, requestWith(headers))).toContain(`HTTP/1.1 ${status}`);
    expect(stats()).toEqual(before);
  });
});

test("a header of 64 KB, which Node refuses by default, leaves the service as it was", async () => {
  const before = stats();
  // Node answers before it has read all, so that the reset of the connection may overtake the answer.
  expect(await sendText(ordinary.port, requestWith(line("a".repeat(64 * 1024))))).toMatch(/^(?:HTTP\/1\.1 431 .*)?$/s);
  expect(stats()).toEqual(before);
  expect((await getJson<Answer>(ordinary.origin, { [HEADER]: "pr-42" })).json).toEqual({ name: "pr-42" });
});

test.each(["a", "a".repeat(63), "0", "pr-42", "x--y"])("the name %s is taken", async (name) => {
  const before = stats().received.header;
  expect((await getJson<Answer>(ordinary.origin, { [HEADER]: name })).json).toEqual({ name });
  expect(stats().received.header).toBe(before + 1);
});

test("the name is taken whatever the case of the header", async () => {
  expect(await sendText(ordinary.port, requestWith("VIRTUAL-CLUSTER-NAME:pr-42"))).toContain('{"name":"pr-42"}');
});

describe("the second carrier, baggage,", () => {
  test.each<[string, Record<string, string | string[]>, string | null]>([
    ["speaks where the header is absent", { baggage: "a=1,virtual-cluster-name=pr-7;ttl=1" }, "pr-7"],
    ["may come in several headers", { baggage: ["a=1", "virtual-cluster-name=pr-7"] }, "pr-7"],
    ["is silent where the header is there", { [HEADER]: "pr-1", baggage: "virtual-cluster-name=pr-7" }, "pr-1"],
    ["is silent where the header is there and invalid", { [HEADER]: "PR-1", baggage: "virtual-cluster-name=pr-7" }, null],
    ["is dropped where it is malformed", { baggage: "virtual-cluster-name=%" }, null],
    ["is dropped where it contradicts itself", { baggage: ["virtual-cluster-name=a", "virtual-cluster-name=b"] }, null],
    ["is dropped where it is too large", { baggage: `virtual-cluster-name=a,${"b".repeat(8200)}=1` }, null],
  ])("%s", async (_, headers, name) => {
    expect((await getJson<Answer>(ordinary.origin, headers)).json).toEqual({ name });
  });

  test("is counted", async () => {
    const before = stats();
    await getJson(ordinary.origin, { [HEADER]: "pr-1", baggage: "virtual-cluster-name=pr-7" });
    await getJson(ordinary.origin, { baggage: "virtual-cluster-name=pr-7" });
    await getJson(ordinary.origin, { baggage: "virtual-cluster-name=%" });
    await getJson(ordinary.origin, { baggage: `virtual-cluster-name=a,${"b".repeat(8200)}=1` });
    const after = stats();
    expect(after.conflicts).toBe(before.conflicts + 1);
    expect(after.received.baggage).toBe(before.received.baggage + 1);
    expect(after.dropped.baggage.malformed).toBe(before.dropped.baggage.malformed + 1);
    expect(after.dropped.baggage["too-large"]).toBe(before.dropped.baggage["too-large"] + 1);
  });

  test("can be left out", async () => {
    register({ baggage: false });
    expect((await getJson<Answer>(ordinary.origin, { baggage: "virtual-cluster-name=pr-7" })).json).toEqual({ name: null });
    register({ baggage: true });
  });
});
