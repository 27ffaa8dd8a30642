import { createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";
import type { NodeSDKConfiguration } from "@opentelemetry/sdk-node";
import { describe, expect, test } from "vitest";
import { runInVirtualCluster } from "../virtual-cluster.ts";
import { ATTR_VIRTUAL_CLUSTER_NAME } from "./attribute.ts";
import { VirtualClusterAttributesProcessor } from "./attributes-processor.ts";
import { VirtualClusterLogRecordProcessor } from "./log-record-processor.ts";
import { VirtualClusterSpanProcessor } from "./span-processor.ts";
import { withToken } from "./token.ts";

const INTERNAL = 0;
const SERVER = 1;

/** What the SDK takes, so that the compiler compares our shapes with its own. */
const processors = {
  spanProcessors: [new VirtualClusterSpanProcessor()],
  logRecordProcessors: [new VirtualClusterLogRecordProcessor()],
  views: [{ instrumentName: "*", attributesProcessors: [new VirtualClusterAttributesProcessor()] }],
} satisfies Partial<NodeSDKConfiguration>;
const [onSpans] = processors.spanProcessors;
const [onLogs] = processors.logRecordProcessors;
const [onMetrics] = processors.views.flatMap(({ attributesProcessors }) => attributesProcessors);

function createSpan(kind = INTERNAL) {
  const attributes: Record<string, string> = {};
  return { kind, attributes, setAttribute: (key: string, value: string) => Object.assign(attributes, { [key]: value }) };
}

const NAMED = { [ATTR_VIRTUAL_CLUSTER_NAME]: "vc-1" };

describe("a span", () => {
  test.each([
    ["the scope's", () => runInVirtualCluster("vc-1", () => startSpan(ROOT_CONTEXT)), NAMED],
    ["what its Context was extracted with", () => startSpan(withToken(ROOT_CONTEXT, "vc-1")), NAMED],
    ["no name outside all scopes", () => startSpan(ROOT_CONTEXT), {}],
    ["no name in a request without one", () => runInVirtualCluster(undefined, () => startSpan(ROOT_CONTEXT)), {}],
  ])("has %s", (_, start, expected) => expect(start().attributes).toEqual(expected));

  test("of a server that started before the name was known has it when it ends", () => {
    const span = startSpan(ROOT_CONTEXT, SERVER);
    runInVirtualCluster("vc-1", () => onSpans?.onEnding(span));
    expect(span.attributes).toEqual(NAMED);
  });

  test("keeps the name that it started with, wherever it ends", () => {
    const span = runInVirtualCluster("vc-1", () => startSpan(ROOT_CONTEXT, SERVER));
    runInVirtualCluster("vc-2", () => onSpans?.onEnding(span));
    expect(span.attributes).toEqual(NAMED);
  });

  test("of another kind gets no name from where it ends", () => {
    const span = startSpan(ROOT_CONTEXT);
    runInVirtualCluster("vc-1", () => onSpans?.onEnding(span));
    expect(span.attributes).toEqual({});
  });

  function startSpan(context: typeof ROOT_CONTEXT, kind = INTERNAL) {
    const span = createSpan(kind);
    onSpans?.onStart(span, context);
    return span;
  }
});

test("a log record has the name of the request that emits it", () => {
  const records = [createSpan(), createSpan(), createSpan()];
  const [inScope, inContext, outside] = records;
  if (inScope === undefined || inContext === undefined || outside === undefined) throw new Error("unreachable");
  runInVirtualCluster("vc-1", () => onLogs?.onEmit(inScope));
  onLogs?.onEmit(inContext, withToken(ROOT_CONTEXT, "vc-1"));
  onLogs?.onEmit(outside);
  expect(records.map(({ attributes }) => attributes)).toEqual([NAMED, NAMED, {}]);
});

test("a measurement has the name beside its own attributes, and what is observed later has none", () => {
  const incoming = { "http.route": "/call" };
  const context = ROOT_CONTEXT.setValue(createContextKey("other"), 1);
  runInVirtualCluster("vc-1", () => {
    expect(onMetrics?.process(incoming, context)).toEqual({ ...incoming, ...NAMED });
    expect(onMetrics?.process(incoming)).toBe(incoming);
  });
  expect(onMetrics?.process(incoming, context)).toBe(incoming);
  expect(incoming).toEqual({ "http.route": "/call" });
});
