import { context, defaultTextMapGetter, defaultTextMapSetter, propagation, ROOT_CONTEXT, type TextMapPropagator } from "@opentelemetry/api";
import { CompositePropagator, suppressTracing, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { register, unregister } from "../registration.ts";
import { stats } from "../stats.ts";
import { currentVirtualCluster, runInVirtualCluster } from "../virtual-cluster.ts";
import { VirtualClusterPropagator } from "./propagator.ts";

const ours = new VirtualClusterPropagator();
const orders: Record<string, TextMapPropagator[]> = {
  "last, as the documentation says,": [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), ours],
  first: [ours, new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
};
const last = new CompositePropagator({ propagators: orders["last, as the documentation says,"] ?? [] });

let sdk: NodeSDK;

beforeAll(() => {
  for (const signal of ["TRACES", "METRICS", "LOGS"]) process.env[`OTEL_${signal}_EXPORTER`] = "none";
  sdk = new NodeSDK({ textMapPropagator: last, instrumentations: [] });
  sdk.start();
});

afterAll(() => sdk.shutdown());

afterEach(() => unregister());

function extract(headers: Record<string, string>, propagator: TextMapPropagator = last) {
  return propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
}

function inject(propagator: TextMapPropagator = last, carrier: Record<string, string> = {}): Record<string, string> {
  propagator.inject(context.active(), carrier, defaultTextMapSetter);
  return carrier;
}

describe.each(Object.entries(orders))("composed %s", (_, propagators) => {
  const propagator = new CompositePropagator({ propagators });

  test.each([
    ["the header", { "virtual-cluster-name": "vc-1" }, "vc-1"],
    ["baggage, where the header is absent", { baggage: "a=1,virtual-cluster-name=vc-2" }, "vc-2"],
    ["the header, where both are there", { "virtual-cluster-name": "vc-1", baggage: "virtual-cluster-name=vc-2" }, "vc-1"],
    ["nothing of an invalid header", { "virtual-cluster-name": "VC", baggage: "virtual-cluster-name=vc-2" }, undefined],
    ["nothing of invalid baggage", { baggage: "virtual-cluster-name=%" }, undefined],
    ["nothing of nothing", {}, undefined],
  ])("it takes %s", (_, headers, name) => {
    context.with(extract(headers, propagator), () => {
      expect(currentVirtualCluster()).toBe(name);
      expect(inject(propagator)["virtual-cluster-name"]).toBe(name);
    });
    expect(currentVirtualCluster()).toBeUndefined();
  });

  test("it hands the other propagators' headers on", () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const carrier = context.with(extract({ traceparent, baggage: "a=1" }, propagator), () => inject(propagator));
    expect(carrier).toEqual({ traceparent, baggage: "a=1" });
  });
});

test("outgoing baggage agrees with the header, where the header won", () => {
  const carrier = context.with(extract({ "virtual-cluster-name": "vc-1", baggage: "a=1,virtual-cluster-name=vc-2" }), () => inject());
  expect(carrier["virtual-cluster-name"]).toBe("vc-1");
  expect(carrier.baggage?.split(",").sort()).toEqual(["a=1", "virtual-cluster-name=vc-1"]);
});

test("outgoing baggage agrees with a scope that was entered later", () => {
  const carrier = context.with(extract({ baggage: "a=1,virtual-cluster-name=vc-2" }), () => runInVirtualCluster("vc-3", () => inject()));
  expect(carrier["virtual-cluster-name"]).toBe("vc-3");
  expect(carrier.baggage?.split(",").sort()).toEqual(["a=1", "virtual-cluster-name=vc-3"]);
});

describe("the newest word counts", () => {
  test("a Context without a name loses nothing of the scope", () => {
    runInVirtualCluster("vc-1", () => {
      context.with(ROOT_CONTEXT, () => expect(currentVirtualCluster()).toBe("vc-1"));
      context.with(context.active().setValue(Symbol("other"), 1), () => expect(currentVirtualCluster()).toBe("vc-1"));
    });
  });

  test("a Context that was extracted within a scope overrules it, such as a message's", () => {
    runInVirtualCluster("vc-1", () => {
      context.with(extract({ "virtual-cluster-name": "vc-2" }), () => expect(currentVirtualCluster()).toBe("vc-2"));
      expect(currentVirtualCluster()).toBe("vc-1");
    });
  });

  test("a scope that was entered within a Context overrules it, also the scope of none", () => {
    context.with(extract({ "virtual-cluster-name": "vc-2" }), () => {
      runInVirtualCluster("vc-1", () => expect(currentVirtualCluster()).toBe("vc-1"));
      runInVirtualCluster(undefined, () => {
        expect(currentVirtualCluster()).toBeUndefined();
        expect(inject()["virtual-cluster-name"]).toBeUndefined();
      });
    });
  });

  test("an older Context than the one that a scope was entered in does not overrule it", () => {
    const older = extract({ "virtual-cluster-name": "vc-old" });
    context.with(extract({ "virtual-cluster-name": "vc-2" }), () => {
      runInVirtualCluster("vc-1", () => context.with(older, () => expect(currentVirtualCluster()).toBe("vc-1")));
    });
  });

  test("interleaved work keeps its own", async () => {
    const work = Array.from({ length: 50 }, async (_, index) => {
      const name = `vc-${index}`;
      return context.with(extract({ "virtual-cluster-name": name }), async () => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
        expect(inject()["virtual-cluster-name"]).toBe(name);
      });
    });
    await Promise.all(work);
  });
});

describe("there is one writer", () => {
  test("while the outbound hooks are active, it writes nothing", () => {
    register({ inbound: false });
    context.with(extract({ "virtual-cluster-name": "vc-1" }), () => expect(inject()["virtual-cluster-name"]).toBeUndefined());
    unregister();
    context.with(extract({ "virtual-cluster-name": "vc-1" }), () => expect(inject()["virtual-cluster-name"]).toBe("vc-1"));
  });

  test.each([
    ["an object", { "Virtual-Cluster-Name": "Mine!" }],
    ["a Headers object", new Headers({ "virtual-cluster-name": "Mine!" })],
    ["a Map", new Map([["virtual-cluster-name", "Mine!"]])],
  ])("it leaves the caller's own header in %s", (_, carrier) => {
    const before = stats().withheld["caller-set"];
    const written: string[] = [];
    context.with(extract({ "virtual-cluster-name": "vc-1" }), () =>
      ours.inject(context.active(), carrier, { set: (_, key) => written.push(key) }),
    );
    expect(written).toEqual([]);
    expect(stats().withheld["caller-set"]).toBe(before + 1);
  });

  test("it writes nothing where tracing is suppressed, as it is for the exporters' own requests", () => {
    context.with(suppressTracing(extract({ "virtual-cluster-name": "vc-1" })), () => expect(inject()).toEqual({}));
  });

  test("it names the one field that it writes", () => {
    expect(ours.fields()).toEqual(["virtual-cluster-name"]);
  });
});

test("a header that came twice is dropped, and counted", () => {
  const before = stats().dropped.header.repeated;
  const extracted = ours.extract(ROOT_CONTEXT, { "virtual-cluster-name": ["a", "b"] }, defaultTextMapGetter);
  context.with(extracted, () => expect(currentVirtualCluster()).toBeUndefined());
  expect(stats().dropped.header.repeated).toBe(before + 1);
});

test("it is no global of OpenTelemetry unless the service makes it one", () => {
  expect(propagation.fields()).toContain("virtual-cluster-name");
  propagation.disable();
  new VirtualClusterPropagator();
  register({ inbound: false });
  expect(propagation.fields()).toEqual([]);
});

describe("what it meets does no harm", () => {
  const broken = new Error("broken");

  test.each([
    ["a carrier that throws", { get: () => fail() }, defaultTextMapSetter],
    ["a setter that throws", {}, { set: () => fail() }],
  ])("%s costs the name, and is counted", (_, carrier, setter) => {
    const before = stats().failures;
    context.with(extract({ "virtual-cluster-name": "vc-1" }), () => ours.inject(context.active(), carrier, setter));
    expect(stats().failures).toBe(before + 1);
  });

  test("a getter that throws leaves the Context as it is", () => {
    const before = stats().failures;
    const getter = { get: () => fail(), keys: () => [] };
    expect(ours.extract(ROOT_CONTEXT, {}, getter)).toBe(ROOT_CONTEXT);
    expect(stats().failures).toBe(before + 1);
  });

  function fail(): never {
    throw broken;
  }
});

test("a carrier of gRPC, whose get() gives a list, gets the name where the list is empty", () => {
  const values = new Map<string, string[]>([["own", ["x"]]]);
  const metadata = { get: (key: string) => values.get(key) ?? [] };
  context.with(extract({ "virtual-cluster-name": "vc-1" }), () =>
    ours.inject(context.active(), metadata, { set: (_, key, value) => values.set(key, [String(value)]) }),
  );
  expect(values.get("virtual-cluster-name")).toEqual(["vc-1"]);
});
