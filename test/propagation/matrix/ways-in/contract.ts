import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type Loopback, listen, valuesOnTheWire } from "../../loopback.ts";
import { HEADER } from "../../requests.ts";
import { type Client, createClient } from "./client.ts";
import { checkPlaces, inOwnVirtualCluster, namedInFlight, names, outcomeOf, until } from "./expectations.ts";
import { writeOnOneConnection } from "./one-connection.ts";
import { createService, PATHS, PLACES } from "./service.ts";
import { sightingsOf } from "./sightings.ts";
import type { Check, Opened, Outcome, WayIn } from "./way.ts";

/** What a check works with. */
interface Bench {
  readonly way: WayIn;
  readonly opened: Opened;
  readonly client: Client;
  /** The values of the header that came downstream, by the path. */
  readonly downstream: ReadonlyMap<string, readonly string[]>;
}

const checks: Readonly<Record<Check, (bench: Bench) => Promise<void>>> = {
  "life of a request": (bench) => checkEach(bench, "/look", names(40), PLACES),
  "streamed body": async (bench) => {
    const body = ["first ", "second ", "third"];
    await Promise.all([
      checkEach(bench, "/look", names(12), ["request data", "request end", "after await"], { body }),
      checkEach(bench, "/iterate", names(12), ["chunk 1", "chunk 2", "after iteration"], { body }),
    ]);
  },
  "parsed body": async (bench) => {
    const body = ['{ "a": ', "1 }"];
    await checkEach(bench, PATHS.parse, names(12), ["parsed", "parsed, after await"], { type: "application/json", body });
  },
  "streamed answer": (bench) => checkEach(bench, PATHS.stream, names(12), ["page 1", "page 1, after await", "page 3, after await"]),
  pipelining: async ({ way, opened }) => {
    const calls = names(8).map((name, index) => ({ path: "/look", name, id: idOf(way, "pipelined", index) }));
    await writeOnOneConnection(opened, calls, "at once");
    await sleep(20);
    for (const { id, name } of calls) checkPlaces(id, name, ["at once", "after await", "response finish", "response close"]);
  },
  "kept-alive connection": async ({ way, opened }) => {
    const calls = ["vc-a", undefined, "vc-b", undefined].map((name, index) => ({
      path: "/look",
      name,
      id: idOf(way, "kept alive", index),
    }));
    await writeOnOneConnection(opened, calls, "one after the other");
    await sleep(20);
    for (const { id, name } of calls) checkPlaces(id, name, PLACES);
  },
  "client abort": async (bench) => {
    const abort = new AbortController();
    const ids = names(4).map((name, index) => ({ name, id: idOf(bench.way, "aborted", index) }));
    const aborted = ids.map(({ name, id }) =>
      bench.client.send({ path: "/hang", id, name, signal: abort.signal }).then(
        () => assert.fail(`${id} was answered`),
        () => {},
      ),
    );
    const others = createClient(bench.opened);
    await until(() => ids.every(({ id }) => "at once" in sightingsOf(id)));
    const undisturbed = checkEach({ ...bench, client: others }, "/look", names(8), PLACES, {}, "beside aborts");
    abort.abort();
    await Promise.all(aborted);
    await undisturbed;
    others.close();
    await until(() => ids.every(({ id }) => "after await" in sightingsOf(id)));
    for (const { id, name } of ids) checkPlaces(id, name, ["at once", "request close", "response close", "abort signal", "after await"]);
  },
  "error handler": (bench) => checkEach(bench, PATHS.fail, names(8), ["error handler"], { status: 500 }),
  "outbound calls": async (bench) => {
    const given = names(20);
    await checkEach(bench, "/call", given, ["after the calls"]);
    for (const [index, name] of given.entries()) {
      const id = idOf(bench.way, "/call", index);
      for (const by of ["fetch", "http"]) {
        assert.deepEqual(bench.downstream.get(`/${by}/${id}`), name === undefined ? [] : [name], `the header that came by ${by} of ${id}`);
      }
    }
  },
  "the process's own virtual cluster": (bench) =>
    inOwnVirtualCluster("vc-own", bench.way.by === "preload", async () => {
      const given = names(8);
      await checkEach(bench, "/look", given, PLACES, { unnamed: "vc-own" }, "own");
      await checkEach(bench, "/call", given, ["after the calls"], { unnamed: "vc-own" }, "own calls");
      for (const [index, name] of given.entries()) {
        assert.deepEqual(bench.downstream.get(`/http/${idOf(bench.way, "own calls", index)}`), [name ?? "vc-own"]);
      }
    }),
  "nothing is left in flight": async () => {
    await until(
      () => namedInFlight() === 0,
      () => `${namedInFlight()} requests count as in flight`,
    );
  },
};

/** Runs every check of the contract on one way. */
export async function checkWay(way: WayIn): Promise<Record<Check, Outcome>> {
  const headers = new Map<string, readonly string[]>();
  const downstream: Loopback = await listen((request, response) => {
    headers.set(request.url ?? "", valuesOnTheWire(request, HEADER));
    response.end("{}");
  });
  const opened = await way.open(createService(downstream.origin));
  const client = createClient(opened);
  const outcomes = {} as Record<Check, Outcome>;
  for (const [check, run] of Object.entries(checks) as [Check, (bench: Bench) => Promise<void>][]) {
    const cannot = way.cannot[check];
    outcomes[check] = cannot === undefined ? await outcomeOf(() => run({ way, opened, client, downstream: headers })) : { cannot };
  }
  client.close();
  await opened.close();
  await downstream.close();
  return outcomes;
}

interface Expected {
  readonly body?: readonly string[];
  readonly type?: string;
  readonly status?: number;
  /** What a request without a name is to find. */
  readonly unnamed?: string;
}

/** Sends a request for each of the names, all at once, and looks at what each found. */
async function checkEach(
  { way, client }: Bench,
  path: string,
  given: readonly (string | undefined)[],
  places: readonly string[],
  { body, type, status = 200, unnamed }: Expected = {},
  what = path,
): Promise<void> {
  await Promise.all(
    given.map(async (name, index) => {
      const id = idOf(way, what, index);
      await sleep(Math.random() * 10);
      const answer = await client.send({ path, id, name, ...(body && { body }), ...(type && { type }) });
      assert.equal(answer.status === 201 ? 200 : answer.status, status, `${id}: ${answer.text}`);
      await until(
        () => places.every((place) => place in sightingsOf(id)),
        () => `${id} never came to ${places.filter((place) => !(place in sightingsOf(id)))}`,
      );
      checkPlaces(id, name ?? unnamed, places);
    }),
  );
}

function idOf({ way, version, by }: WayIn, what: string, index: number): string {
  return encodeURIComponent(`${way} ${version} ${by} ${what} ${index}`);
}
