import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { HEADER } from "../requests.ts";
import { type Collector, collectOverGrpc, collectOverHttp } from "./collector.ts";
import { expectNamesToArrive } from "./contract.ts";
import { NO_EXPORTERS, useServices, warningsOf } from "./services.ts";

const start = useServices(NO_EXPORTERS);

const OURS = ["--require", "@puggle/propagation/register"];
const SDKS = [
  ["SDK 3", ["--require", "./exporting.cjs"]],
  ["SDK 2", ["--require", join(import.meta.dirname, "../../opentelemetry-2/exporting.cjs")]],
] as const;

const HTTP_PATHS = ["/v1/logs", "/v1/metrics", "/v1/traces"];
const GRPC_PATHS = ["LogsService", "MetricsService", "TraceService"];

const PROTOCOLS: readonly [protocol: string, collect: () => Promise<Collector>, signals: readonly string[]][] = [
  ["http/protobuf", collectOverHttp, HTTP_PATHS],
  ["http/json", collectOverHttp, HTTP_PATHS],
  ["grpc", collectOverGrpc, GRPC_PATHS],
];

const CASES = SDKS.flatMap(([sdk, theirs]) =>
  PROTOCOLS.flatMap(([protocol, collect, signals]) => [
    { title: `${sdk}, ${protocol}, before us`, args: [...theirs, ...OURS], protocol, collect, signals },
    { title: `${sdk}, ${protocol}, after us`, args: [...OURS, ...theirs], protocol, collect, signals },
  ]),
);

function exportTo(collector: Collector, protocol: string): Record<string, string> {
  return {
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_LOGS_EXPORTER: "otlp",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_BSP_SCHEDULE_DELAY: "50",
    OTEL_BLRP_SCHEDULE_DELAY: "50",
    OTEL_METRIC_EXPORT_INTERVAL: "500",
    OTEL_METRIC_EXPORT_TIMEOUT: "500",
  };
}

describe.each(CASES)("batches for the collector, $title,", ({ args, protocol, collect, signals }) => {
  test.each([
    ["that a named request armed", { VIRTUAL_CLUSTER_NAME: "" }],
    ["that a process armed which has a virtual cluster of its own", { VIRTUAL_CLUSTER_NAME: "vc-own" }],
  ])("%s, carry no name, and none of them counts as lost", async (_, own) => {
    const collector = await collect();
    const running = await start([...args, "./service.cjs"], { ...exportTo(collector, protocol), ...own });
    await running.get("/call", { [HEADER]: "vc-1" });
    // Longer than between two exports of metrics, whose timer no request armed.
    const inFlight = running.get("/one-second", { [HEADER]: "vc-1" });
    if (own.VIRTUAL_CLUSTER_NAME === "") await expectNamesToArrive(running);
    await vi.waitFor(
      () => {
        const seen = collector.batches.map(({ path }) => signals.find((signal) => path.includes(signal)));
        expect(new Set(seen)).toEqual(new Set(signals));
      },
      { timeout: 5000 },
    );
    await inFlight;
    expect(collector.batches.filter(({ names }) => names.length > 0)).toEqual([]);
    expect(await warningsOf(running)).toBe("");
    await collector.close();
  });
});
