import { describe, expect, test } from "vitest";
import { listen } from "../loopback.ts";
import { HEADER } from "../requests.ts";
import { everyWay, expectNamesToArrive, namesOf } from "./contract.ts";
import { useServices } from "./services.ts";

const start = useServices();

/** What a tracer sends goes to a loopback port, and nothing else is sent. */
const DATADOG = {
  DD_TRACE_STARTUP_LOGS: "false",
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: "false",
  DD_REMOTE_CONFIGURATION_ENABLED: "false",
  DD_RUNTIME_METRICS_ENABLED: "false",
};

const REQUIRE = ["--require", "@puggle/propagation/register"];
const IMPORT = ["--import", "@puggle/propagation/register"];

describe.each([
  { tracer: "Sentry", header: "sentry-trace", theirs: ["--require", "./sentry.cjs"], ours: REQUIRE, service: "./service.cjs" },
  { tracer: "Sentry", header: "sentry-trace", theirs: ["--import", "./sentry.mjs"], ours: IMPORT, service: "./service.mjs" },
  { tracer: "dd-trace", header: "x-datadog-trace-id", theirs: ["--require", "dd-trace/init"], ours: REQUIRE, service: "./service.cjs" },
  {
    tracer: "dd-trace",
    header: "x-datadog-trace-id",
    theirs: ["--import", "dd-trace/initialize.mjs"],
    ours: IMPORT,
    service: "./service.mjs",
  },
])("beside $tracer, $theirs,", ({ header, theirs, ours, service }) => {
  const environmentFor = (port: number) => ({
    ...DATADOG,
    DD_TRACE_AGENT_URL: `http://127.0.0.1:${port}`,
    SENTRY_DSN: `http://key@127.0.0.1:${port}/1`,
  });

  test.each([
    ["before us", [...theirs, ...ours]],
    ["after us", [...ours, ...theirs]],
  ])("started %s, names arrive once and nothing new is in the log", async (_, preload) => {
    const taker = await listen((_request, response) => response.end("{}"));
    const running = await start([...preload, service], environmentFor(taker.port));
    const exchanges = await expectNamesToArrive(running);
    for (const { answer } of exchanges) for (const { headers } of Object.values(answer)) expect(headers).toContain(header);
    expect(namesOf(await running.get("/own-header", { [HEADER]: "vc-1" }))).toEqual(everyWay(["mine"]));
    const warnings = await running.stop();

    const without = await start([...theirs, service], environmentFor(taker.port));
    await without.get("/call");
    expect(withoutPids(warnings)).toBe(withoutPids(await without.stop()));
    await taker.close();
  });
});

function withoutPids(log: string): string {
  return log.replaceAll(/\(node:\d+\)/g, "(node)");
}
