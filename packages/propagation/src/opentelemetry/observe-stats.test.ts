import { type Attributes, type BatchObservableCallback, createNoopMeter, type Meter, type Observable } from "@opentelemetry/api";
import { afterEach, expect, test } from "vitest";
import { createCounters } from "../counters.ts";
import { processState } from "../process-state.ts";
import { observeStats } from "./observe-stats.ts";

/** A meter that remembers what was registered, and reads it when asked. */
function createMeter(): { meter: Meter; read: () => Record<string, [number, Attributes][]>; registered: () => number } {
  const names = new Map<Observable, string>();
  const callbacks = new Set<BatchObservableCallback>();
  const noop = createNoopMeter();
  const meter: Meter = Object.assign(Object.create(noop), {
    createObservableCounter(name: string): Observable {
      const observable: Observable = { addCallback() {}, removeCallback() {} };
      names.set(observable, name);
      return observable;
    },
    addBatchObservableCallback: (callback: BatchObservableCallback) => callbacks.add(callback),
    removeBatchObservableCallback: (callback: BatchObservableCallback) => callbacks.delete(callback),
  });
  const read = () => {
    const points: Record<string, [number, Attributes][]> = {};
    for (const callback of callbacks) {
      callback({
        observe(observable, value, attributes = {}) {
          const name = names.get(observable) ?? "unknown";
          points[name] = [...(points[name] ?? []), [value, attributes]];
        },
      });
    }
    return points;
  };
  return { meter, read, registered: () => callbacks.size };
}

afterEach(() => {
  Object.assign(processState.counters, createCounters());
});

test("every number of stats() is reported, each once, and nothing else", () => {
  let next = 1;
  const fill = (counts: object): void => {
    for (const [key, value] of Object.entries(counts)) {
      if (typeof value === "object") fill(value);
      else Reflect.set(counts, key, next++);
    }
  };
  fill(processState.counters);
  const { meter, read } = createMeter();
  observeStats(meter);
  const reported = Object.values(read()).flatMap((points) => points.map(([value]) => value));
  expect(reported.sort((a, b) => a - b)).toEqual(Array.from({ length: next - 1 }, (_, index) => index + 1));
});

test("attributes say the source, the reason or the change", () => {
  const { meter, read } = createMeter();
  observeStats(meter);
  processState.counters.dropped.baggage["too-large"] = 3;
  processState.counters.withheld["not-a-target"] = 2;
  processState.counters.baggageWritten = 5;
  const points = read();
  expect(Object.keys(points).sort()).toEqual(
    ["baggage", "conflicts", "dropped", "failures", "lost", "received", "sent", "withheld"].map((name) => `puggle.propagation.${name}`),
  );
  expect(points["puggle.propagation.dropped"]).toContainEqual([3, { source: "baggage", reason: "too-large" }]);
  expect(points["puggle.propagation.withheld"]).toContainEqual([2, { reason: "not-a-target" }]);
  expect(points["puggle.propagation.baggage"]).toContainEqual([5, { change: "written" }]);
});

test("it stops when told to", () => {
  const { meter, read, registered } = createMeter();
  const stop = observeStats(meter);
  expect(registered()).toBe(1);
  stop();
  expect(registered()).toBe(0);
  expect(read()).toEqual({});
});

test("without a meter provider it does nothing", () => {
  expect(() => observeStats()()).not.toThrow();
});

test.each([null, {}, 1, "meter"])("%j is no meter", (meter) => {
  expect(() => observeStats(meter as unknown as Meter)).toThrow(expect.objectContaining({ code: "PUGGLE_INVALID_ARGUMENT" }));
});
