import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { register, unregister } from "@puggle/propagation";
import { sightingsOf } from "./sightings.ts";
import type { Outcome } from "./way.ts";

/** What came of a check; a check that hangs has failed. */
export async function outcomeOf(check: () => Promise<void>): Promise<Outcome> {
  const late = new AbortController();
  try {
    await Promise.race([check(), sleep(5000, undefined, { signal: late.signal }).then(() => assert.fail("this took more than 5 seconds"))]);
    return "ok";
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  } finally {
    late.abort();
  }
}

/** Two in three of them named, some of these alike. */
export function names(count: number): (string | undefined)[] {
  return Array.from({ length: count }, (_, index) => (index % 3 === 1 ? undefined : `vc-${index % 7}`));
}

/** Resolves once this holds; fails where it does not in good time. */
export async function until(holds: () => boolean, otherwise: () => string = () => `not so: ${holds}`): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 200) assert.fail(otherwise());
    await sleep(5);
  }
}

/** The library shows this number to nobody but its own copies. */
export function namedInFlight(): number {
  return Reflect.get(AsyncLocalStorage, Symbol.for("puggle.dev/propagation/v1")).namedInFlight;
}

/** Asserts that every one of these places was reached, and that each found the name. */
export function checkPlaces(id: string, name: string | undefined, places: readonly string[]): void {
  const seen = sightingsOf(id);
  const found = Object.fromEntries(places.map((place) => [place, place in seen ? (seen[place] ?? "no name") : "never reached"]));
  assert.deepEqual(found, Object.fromEntries(places.map((place) => [place, name ?? "no name"])), `${id}, ${name ?? "no name"}`);
}

/** Does this in a process that belongs to a virtual cluster, as a member's pod says it. */
export async function inOwnVirtualCluster(name: string, inbound: boolean, work: () => Promise<void>): Promise<void> {
  process.env.VIRTUAL_CLUSTER_NAME = name;
  unregister();
  register({ inbound });
  try {
    await work();
  } finally {
    delete process.env.VIRTUAL_CLUSTER_NAME;
    unregister();
    register({ inbound });
  }
}
