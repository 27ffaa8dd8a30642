import { setTimeout as sleep } from "node:timers/promises";
import type * as grpc from "@grpc/grpc-js";
import { currentVirtualCluster, register, runInVirtualCluster, stats } from "@puggle/propagation";
import { beforeEach, expect, test } from "vitest";
import { callGrpc, createClient, createEcho, kinds, type Message, serve } from "./grpc-service.ts";
import { HEADER } from "./requests.ts";
import { chooseSeed, seededRandom } from "./seeded-random.ts";

const seed = chooseSeed();
const random = seededRandom(seed);

beforeEach(() => {
  register({ targets: ["127.0.0.1"], inbound: true, reportLost: false });
});

type Any = grpc.ServerUnaryCall<Message, Message> &
  grpc.ServerReadableStream<Message, Message> &
  grpc.ServerWritableStream<Message, Message> &
  grpc.ServerDuplexStream<Message, Message>;
type Handler = (call: Any, callback?: grpc.sendUnaryData<Message>) => unknown;

/** Handlers that compare the current name at each event with the one that came. */
function createWatching(seen: Map<string, number>, wrong: string[]): grpc.UntypedServiceImplementation {
  const echo = createEcho(() => sleep(Math.floor(random() * 4))) as Record<string, Handler>;
  const watching = (kind: string): Handler => {
    return (call, callback) => {
      const [wanted] = call.metadata.get(HEADER).map(String);
      const note = (event: string) => {
        seen.set(`${kind} ${event}`, (seen.get(`${kind} ${event}`) ?? 0) + 1);
        if (currentVirtualCluster() !== wanted) wrong.push(`${kind} ${event}: ${currentVirtualCluster()} for ${wanted}`);
      };
      note("handler");
      for (const event of ["cancelled", "data", "end", "finish", "drain", "close", "error"]) {
        if (event !== "data" || kind === "clientStream" || kind === "bidi") call.on(event, () => note(event));
      }
      setTimeout(() => note("timer"), 1);
      return echo[kind]?.(call, callback);
    };
  };
  return Object.fromEntries(kinds.map((kind) => [kind, watching(kind)])) as unknown as grpc.UntypedServiceImplementation;
}

test("the handlers of 800 interleaved calls of all kinds, and all their events, run in their request's scope", async () => {
  console.log(`seed ${seed} (PUGGLE_SEED=${seed} repeats the run)`);
  const seen = new Map<string, number>();
  const wrong: string[] = [];
  const service = await serve(createWatching(seen, wrong));
  const client = createClient(service.target);
  const before = stats();
  let named = 0;
  await Promise.all(
    Array.from({ length: 800 }, async (_, index) => {
      const kind = kinds[index % kinds.length] ?? "unary";
      const name = random() < 0.4 ? undefined : `vc-${index}`;
      if (name !== undefined) named += 1;
      await sleep(Math.floor(random() * 10));
      await runInVirtualCluster(name, () => callGrpc(client, kind));
    }),
  );
  client.close();
  service.close();
  expect(wrong).toEqual([]);
  const events = ["unary handler", "clientStream data", "clientStream end", "serverStream finish", "bidi data", "bidi end"];
  for (const event of events) expect({ event, isSeen: (seen.get(event) ?? 0) > 0 }).toEqual({ event, isSeen: true });
  expect(stats().received.header - before.received.header).toBe(named);
  expect(stats().failures).toBe(before.failures);
});

test("a call that its client cancels tells so in its request's scope, and is in flight no longer", async () => {
  const seen = new Map<string, number>();
  const wrong: string[] = [];
  const service = await serve(createWatching(seen, wrong));
  const echo = await serve(createEcho());
  const client = createClient(service.target);
  const poll = createClient(echo.target);
  const metadata = new (await import("@grpc/grpc-js")).Metadata();
  const calls = ["vc-1", "vc-2", undefined].flatMap((name) =>
    runInVirtualCluster(name, () => [
      client.unary({}, metadata, () => {}),
      client.clientStream(metadata, () => {}),
      client.serverStream({}, metadata).on("error", () => {}),
      client.bidi(metadata).on("error", () => {}),
    ]),
  );
  for (const call of calls) if ("write" in call) (call as grpc.ClientWritableStream<Message>).write({});
  for (let tries = 0; tries < 200 && (seen.get("bidi handler") ?? 0) < 3; tries += 1) await sleep(2);
  runInVirtualCluster("vc-9", () => {
    for (const call of calls) call.cancel();
  });
  await sleep(50);
  const lost = stats().lost;
  await callGrpc(poll, "unary");
  expect(stats().lost).toBe(lost);
  for (const each of [client, poll]) each.close();
  for (const each of [service, echo]) each.close();
  expect(wrong).toEqual([]);
  expect(seen.get("bidi cancelled")).toBe(3);
  expect(seen.get("clientStream cancelled")).toBe(3);
});
