import { expect } from "vitest";
import { HEADER } from "../requests.ts";
import type { Answer, RunningService } from "./running-service.ts";

const REQUESTS = 16;

/** One inbound request, and what arrived of it downstream. */
export interface Exchange {
  readonly name: string | undefined;
  readonly traceId: string;
  readonly answer: Answer;
}

/**
 * Sends requests with a name and without one, interleaved over kept-alive connections, and expects of each of its three calls that just its
 * own name arrived, once or not at all.
 */
export async function expectNamesToArrive(service: RunningService, path = "/call"): Promise<readonly Exchange[]> {
  const exchanges = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, index) => {
      const name = index % 3 === 0 ? undefined : `vc-${index}`;
      const traceId = (index + 1).toString(16).padStart(32, "a");
      const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, baggage: `request=${index}` };
      return { name, traceId, answer: await service.get(path, name === undefined ? headers : { ...headers, [HEADER]: name }) };
    }),
  );
  for (const { name, answer } of exchanges) expect(namesOf(answer)).toEqual(everyWay(name === undefined ? [] : [name]));
  return exchanges;
}

/** The names that arrived by each way. */
export function namesOf(answer: Answer): Record<string, string[]> {
  return Object.fromEntries(Object.entries(answer).map(([way, { names }]) => [way, names]));
}

/** The same expectation of the three ways of calling. */
export function everyWay<T>(expected: T): Record<string, T> {
  return { fetch: expected, undici: expected, "node:http": expected };
}

/** Expects that the service's own trace and baggage went on with each call, each once. */
export function expectTraceToContinue(exchanges: readonly Exchange[]): void {
  exchanges.forEach(({ traceId, answer }, index) => {
    for (const [way, { traceparent, baggage }] of Object.entries(answer)) {
      expect({ way, traces: traceparent.map((value) => value.split("-")[1]), baggage }).toEqual({
        way,
        traces: [traceId],
        baggage: [`request=${index}`],
      });
    }
  });
}
