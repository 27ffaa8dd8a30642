import { register, runInVirtualCluster, stats, unregister } from "@puggle/propagation";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen } from "./loopback.ts";
import { clients, echo, redirectingClients, sendCounted } from "./outbound-clients.ts";
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
  register({ targets: ["127.0.0.1", "*.svc"], inbound: false, outbound: true, baggage: true });
});

describe.each(Object.entries(clients))("%s", (_, send) => {
  test("sends the name to a target, once", async () => {
    const { seen, counted } = await sendCounted(() => send(target.origin));
    expect(seen.names).toEqual(["vc-1"]);
    expect(counted).toEqual({ sent: 1 });
  });

  test("sends nothing to any other host", async () => {
    const { seen, counted } = await sendCounted(() => send(stranger.origin));
    expect(seen.names).toEqual([]);
    expect(counted).toEqual({ "not-a-target": 1 });
  });

  test("sends nothing where there is no name", async () => {
    const before = stats();
    expect((await send(target.origin)).names).toEqual([]);
    expect((await runInVirtualCluster("vc-1", () => runInVirtualCluster(undefined, () => send(target.origin)))).names).toEqual([]);
    expect(stats()).toEqual(before);
  });

  test.each([HEADER, "Virtual-Cluster-Name"])("leaves the caller's own %s as it is, wherever it goes", async (header) => {
    for (const place of [target, stranger]) {
      const headers = Object.freeze({ [header]: "Mine!", "x-other": "1" });
      const { seen, counted } = await sendCounted(() => send(place.origin, headers));
      expect(seen.names).toEqual(["Mine!"]);
      expect(counted).toEqual({ "caller-set": 1 });
    }
  });

  test("leaves the caller's header object as it is", async () => {
    const headers = { "x-other": "1" };
    await sendCounted(() => send(target.origin, headers));
    expect(headers).toEqual({ "x-other": "1" });
  });

  test("makes outgoing baggage that names another virtual cluster agree, and leaves other baggage alone", async () => {
    const first = await sendCounted(() => send(target.origin, { baggage: "a=1, virtual-cluster-name=vc-9;p=1 ,b=2" }));
    expect(first.seen.baggage).toEqual(["a=1,virtual-cluster-name=vc-1;p=1 ,b=2"]);
    expect(first.counted).toEqual({ sent: 1, rewritten: 1 });
    const second = await sendCounted(() => send(target.origin, { baggage: "a=1 , virtual-cluster-name=vc-1" }));
    expect(second.seen.baggage).toEqual(["a=1 , virtual-cluster-name=vc-1"]);
    expect(second.counted).toEqual({ sent: 1 });
  });

  test("does nothing after unregister()", async () => {
    unregister();
    const { seen, counted } = await sendCounted(() => send(target.origin));
    expect(seen.names).toEqual([]);
    expect(counted).toEqual({});
  });
});

describe.each(Object.entries(redirectingClients))("%s, redirected,", (_, send) => {
  test("does not take the name along to a host that is no target", async () => {
    const { seen, counted } = await sendCounted(() => send(`${target.origin}/?to=${stranger.origin}/end`));
    expect(seen).toMatchObject({ url: "/end", names: [] });
    expect(counted).toEqual({ sent: 1, "not-a-target": 1 });
  });

  test("sends the name at every hop that is a target", async () => {
    const { seen, counted } = await sendCounted(() =>
      send(`${target.origin}/?to=${encodeURIComponent(`${stranger.origin}/?to=${target.origin}/end`)}`),
    );
    expect(seen).toMatchObject({ url: "/end", names: ["vc-1"] });
    expect(counted).toEqual({ sent: 2, "not-a-target": 1 });
  });
});
