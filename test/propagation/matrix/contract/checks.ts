import { deepStrictEqual, ok } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { runInVirtualCluster } from "@puggle/propagation";
import type { CheckName } from "../ways-out/way.ts";
import { type Called, type Caller, expectAnswered, expectContext, expectNameOnTheWire } from "./caller.ts";
import { LateError } from "./in-time.ts";

/** A check of the contract: throws where a way does not keep it. `random` gives numbers in [0, 1). */
export type Check = (caller: Caller, random: () => number) => Promise<void>;

const CONCURRENT = 60;
const PIPELINED = 8;
const BODY = ["first ", "second ", "third"];

/** The contract, check by check. */
export const contract: Readonly<Record<CheckName, Check>> = {
  async concurrent(caller, random) {
    const calls = await Promise.all(
      Array.from({ length: CONCURRENT }, async (_, index) => {
        const name = random() < 0.4 ? undefined : `vc-${index}`;
        await sleep(random() * 8);
        return caller.call(name, { delay: Math.floor(random() * 6) });
      }),
    );
    calls.forEach(expectGood);
  },

  async "keep-alive"(caller) {
    const calls: Called[] = [];
    for (const name of ["a", undefined, "b", undefined, "c"]) {
      calls.push(await caller.call(name));
      await sleep(1);
    }
    calls.forEach(expectGood);
    const byConnection = new Map<number, Set<string | undefined>>();
    for (const { name, hops } of calls) {
      for (const { connection } of hops) byConnection.set(connection, (byConnection.get(connection) ?? new Set()).add(name));
    }
    ok(Math.max(...[...byConnection.values()].map((names) => names.size)) > 1, "no connection was used again by another name");
  },

  async pipelining(caller) {
    expectGood(await caller.call("first"));
    const names = Array.from({ length: PIPELINED }, (_, index) => (index % 3 === 0 ? undefined : `vc-${index}`));
    const calls = await Promise.all(names.map((name) => caller.call(name, { delay: 5 })));
    calls.forEach(expectGood);
    ok(
      calls.some(({ hops }) => hops.some(({ overlaps }) => overlaps)),
      "no two requests were under way on one connection",
    );
  },

  async "streamed body"(caller) {
    const calls = await Promise.all(["a", undefined, "b"].map((name) => caller.call(name, { body: streamBody() })));
    calls.forEach(expectGood);
    for (const { hops } of calls) deepStrictEqual(hops.at(-1)?.received, BODY.join("").length);
  },

  async abort(caller) {
    for (const call of await abort(caller)) {
      ok(call.answer instanceof Error || call.answer === "", "an aborted call was answered");
      if (call.answer instanceof LateError) throw call.answer;
      expectNameOnTheWire(call);
      expectContext({ ...call, noted: [] });
    }
    expectGood(await caller.call("c"));
  },

  async "events of an abort"(caller) {
    (await abort(caller)).forEach(expectContext);
  },

  "redirect to a target": (caller) => redirect(caller, "other"),

  "redirect to another host": (caller) => redirect(caller, "stranger"),

  async "another host"(caller) {
    const calls = await Promise.all(["a", undefined].map((name) => caller.call(name, { place: "stranger" })));
    calls.forEach(expectGood);
  },

  async "own header"(caller) {
    for (const place of ["target", "stranger"] as const) {
      const call = await caller.call("a", { headers: { "Virtual-Cluster-Name": "own" }, place });
      expectAnswered(call);
      deepStrictEqual(
        call.hops.map(({ names }) => names),
        call.hops.map(() => ["own"]),
      );
      expectContext(call);
    }
  },

  async "headers unchanged"(caller) {
    const headers = { "x-other": "1" };
    const frozen = Object.freeze({ ...headers });
    for (const name of ["a", "b", undefined]) {
      expectGood(await caller.call(name, { headers }));
      expectGood(await caller.call(name, { headers: frozen }));
    }
    deepStrictEqual(Reflect.ownKeys(headers), ["x-other"]);
  },

  async once(caller) {
    for (const name of ["a", undefined, "b"]) {
      const call = await caller.call(name);
      expectGood(call);
      deepStrictEqual(call.hops.at(-1)?.names, name === undefined ? [] : [name]);
    }
  },
};

function expectGood(call: Called): void {
  expectAnswered(call);
  ok(call.hops.length > 0, "no server saw the call");
  expectNameOnTheWire(call);
  expectContext(call);
}

async function redirect(caller: Caller, to: "other" | "stranger"): Promise<void> {
  const calls = await Promise.all(["a", undefined, "b"].map((name) => caller.call(name, { path: "/redirect", to })));
  for (const call of calls) {
    expectGood(call);
    deepStrictEqual(
      call.hops.map(({ place }) => place),
      ["target", to],
    );
  }
}

/** Two calls that hang are aborted at once, from the code of a third; meanwhile others go on undisturbed. */
async function abort(caller: Caller): Promise<readonly Called[]> {
  const ids = [caller.nextId(), caller.nextId()];
  const controller = new AbortController();
  const aborted = ["a", undefined].map((name, index) => caller.call(name, { path: "/hang", signal: controller.signal }, ids[index]));
  const undisturbed = ["b", undefined].map((name) => caller.call(name, { delay: 20 }));
  // What has to wait for a connection is aborted where it waits.
  await Promise.race([Promise.all(ids.map((id) => caller.servers.hops.arrived(id))), sleep(50)]);
  runInVirtualCluster("aborter", () => controller.abort());
  const ended = await Promise.all(aborted);
  (await Promise.all(undisturbed)).forEach(expectGood);
  return ended;
}

async function* streamBody(): AsyncGenerator<Uint8Array> {
  for (const chunk of BODY) {
    await sleep(2);
    yield Buffer.from(chunk);
  }
}
