import { createServer } from "node:http";
import { currentVirtualCluster, register, runInVirtualCluster, stats } from "@puggle/propagation";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Loopback, listen, listenOn } from "./loopback.ts";
import { type Echo, echo, sendByNode } from "./outbound-clients.ts";
import { getJson, HEADER } from "./requests.ts";

const ENTRY = "virtual-cluster-name=pr-7";

let service: Loopback;
let downstream: Loopback;

beforeAll(async () => {
  register({ baggage: true });
  service = await listenOn(
    createServer({ maxHeaderSize: 256 * 1024 }, (_, response) => response.end(JSON.stringify(currentVirtualCluster() ?? null))),
  );
  downstream = await listen(echo);
});

afterAll(async () => {
  await service.close();
  await downstream.close();
});

const pairs = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=v`).join(",");
/** Baggage of so many bytes that ends with an entry. */
const ending = (bytes: number, entry: string) => `k=${"v".repeat(bytes - entry.length - 3)},${entry}`;

type Dropped = keyof ReturnType<typeof stats>["dropped"]["baggage"];

describe("baggage that comes in", () => {
  test.each<[string, string, string | Dropped]>([
    ["with 179 pairs before ours", `${pairs(179)},${ENTRY}`, "pr-7"],
    ["with 180 pairs before ours", `${pairs(180)},${ENTRY}`, "too-large"],
    ["of 8192 bytes", ending(8192, ENTRY), "pr-7"],
    ["of 8193 bytes", ending(8193, ENTRY), "too-large"],
    ["of 64 KB", ending(64 * 1024, ENTRY), "too-large"],
    ["percent-encoded", "virtual-cluster-name=%70%72%2d7", "pr-7"],
    ["percent-encoded to what is no name", "virtual-cluster-name=pr%207", "not-a-dns-label"],
    ["percent-encoded to two names", "virtual-cluster-name=a%2Cb", "repeated"],
    ["percent-encoded to a line break", "virtual-cluster-name=a%0D%0AX-Evil:%201", "not-a-dns-label"],
    ["percent-encoded to nothing known", "virtual-cluster-name=%e0%a4%a", "malformed"],
    ["cut off within a percent", "virtual-cluster-name=a%2", "malformed"],
    ["without a value", "virtual-cluster-name", "malformed"],
    ["with an empty value", "virtual-cluster-name=", "empty"],
    ["in quotes", 'virtual-cluster-name="pr-7"', "not-a-dns-label"],
    ["with the baseline's word", "virtual-cluster-name=default", "reserved"],
    ["with a value that is too long", `virtual-cluster-name=${"a".repeat(64)}`, "too-long"],
    ["with empty members", `,,${ENTRY},,`, "pr-7"],
    ["with members that are none", `=;;=,x;y=z,%,${ENTRY}`, "pr-7"],
  ])("%s is taken, or dropped and counted", async (_, baggage, wanted) => {
    const before = stats();
    const { status, json } = await getJson<string | null>(service.origin, { baggage });
    const isName = wanted === "pr-7";
    expect(status).toBe(200);
    expect(json).toBe(isName ? wanted : null);
    const after = stats();
    expect(after.received.baggage - before.received.baggage).toBe(isName ? 1 : 0);
    const dropped = isName
      ? before.dropped.baggage
      : { ...before.dropped.baggage, [wanted]: before.dropped.baggage[wanted as Dropped] + 1 };
    expect(after.dropped.baggage).toEqual(dropped);
    expect(after.failures).toBe(0);
  });
});

const clients: [string, (headers: Record<string, string>) => Promise<Echo>][] = [
  ["node:http", (headers) => sendByNode(downstream.origin, { headers })],
  [
    "node:http with array headers",
    (headers) => sendByNode(downstream.origin, { headers: ["host", "127.0.0.1", ...Object.entries(headers).flat()] }),
  ],
  ["undici", async (headers) => (await (await request(downstream.origin, { headers })).body.json()) as Echo],
  ["fetch", async (headers) => (await (await fetch(downstream.origin, { headers })).json()) as Echo],
];

describe.each(clients)("baggage that goes out by %s, where it is to be written,", (_, send) => {
  test.each<[string, string | undefined, string, "written" | "rewritten" | "left"]>([
    ["none", undefined, ENTRY, "written"],
    ["some", "a=1;p, b=2", `a=1;p, b=2,${ENTRY}`, "written"],
    ["179 pairs", pairs(179), `${pairs(179)},${ENTRY}`, "written"],
    ["180 pairs", pairs(180), pairs(180), "left"],
    ["8192 bytes with ours", ending(8192 - ENTRY.length - 1, "x=1"), `${ending(8192 - ENTRY.length - 1, "x=1")},${ENTRY}`, "written"],
    ["8193 bytes with ours", ending(8192 - ENTRY.length, "x=1"), ending(8192 - ENTRY.length, "x=1"), "left"],
    ["ours", `a=1,${ENTRY};p=1`, `a=1,${ENTRY};p=1`, "left"],
    ["another's", "virtual-cluster-name=pr-9;p=1", `${ENTRY};p=1`, "rewritten"],
    ["what is malformed", "=;%zz,", `=;%zz,,${ENTRY}`, "written"],
    ["ours, malformed", "virtual-cluster-name=%zz,a=1", `${ENTRY},a=1`, "rewritten"],
    ["ours, percent-encoded", "virtual-cluster-name=%70r-7", ENTRY, "rewritten"],
  ])("and has %s", async (_what, baggage, wanted, how) => {
    register({ baggage: "write" });
    const before = stats();
    const seen = await runInVirtualCluster("pr-7", () => send(baggage === undefined ? {} : { baggage }));
    register({ baggage: true });
    expect(seen).toMatchObject({ names: ["pr-7"], baggage: [wanted] });
    const after = stats();
    expect(after.baggageWritten - before.baggageWritten).toBe(how === "written" ? 1 : 0);
    expect(after.baggageRewritten - before.baggageRewritten).toBe(how === "rewritten" ? 1 : 0);
    expect(after.sent - before.sent).toBe(1);
    expect(after.failures).toBe(0);
  });

  test("is not written without being asked for, nor for who has no name, nor to others", async () => {
    expect((await runInVirtualCluster("pr-7", () => send({}))).baggage).toEqual([]);
    register({ baggage: "write", targets: ["orders"] });
    expect(await runInVirtualCluster("pr-7", () => send({ baggage: "a=1" }))).toMatchObject({ names: [], baggage: ["a=1"] });
    register({ baggage: "write", targets: ["<default>"] });
    expect(await send({ baggage: "a=1" })).toMatchObject({ names: [], baggage: ["a=1"] });
    register({ baggage: true });
  });
});

test("the header is written where baggage has no room", async () => {
  const { json } = await getJson<string | null>(service.origin, { [HEADER]: "pr-1", baggage: ending(9000, ENTRY) });
  expect(json).toBe("pr-1");
});
