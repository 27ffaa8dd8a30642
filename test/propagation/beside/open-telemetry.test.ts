import { describe, expect, test } from "vitest";
import { HEADER } from "../requests.ts";
import { everyWay, expectNamesToArrive, expectTraceToContinue, namesOf } from "./contract.ts";
import { NO_EXPORTERS, useServices, warningsOf } from "./services.ts";
import { besideHooks } from "./starts.ts";

const start = useServices(NO_EXPORTERS);

interface Attributed {
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What the service's own processors and readers were given. */
interface Report {
  readonly spans: (Attributed & { kind: number; trace: string })[];
  readonly records: (Attributed & { body: string })[];
  readonly points: (Attributed & { instrument: string; count: number })[];
}

const nameOf = ({ attributes }: Attributed): unknown => attributes["virtual_cluster.name"];

/** The span of a request, and of its three calls. */
const kindsWith = (name: string | undefined): unknown[] => [1, 2, 2, 2].map((kind) => [kind, name]);

describe.each(besideHooks)("beside OpenTelemetry, $title,", ({ args }) => {
  test("with all exporters off and the default propagators, names arrive, and the trace and the baggage go on", async () => {
    const running = await start(args);
    expectTraceToContinue(await expectNamesToArrive(running));
    await expectNamesToArrive(running, "/in-root-context");
    expect(await warningsOf(running)).toBe("");
  });

  test("with our propagator, names arrive once", async () => {
    const running = await start(args, { ASKED_FOR: "propagator" });
    expectTraceToContinue(await expectNamesToArrive(running));
    await expectNamesToArrive(running, "/in-root-context");
    expect(namesOf(await running.get("/own-header", { [HEADER]: "vc-1" }))).toEqual(everyWay(["mine"]));
    expect(await warningsOf(running)).toBe("");
  });

  test.each(["attributes", "attributes,propagator"])("with %s, what is recorded has the name where there is one", async (askedFor) => {
    const running = await start(args, { ASKED_FOR: askedFor });
    const exchanges = await expectNamesToArrive(running);
    expectTraceToContinue(exchanges);
    const { spans, records, points } = await running.get<Report>("/report");
    for (const { name, traceId } of exchanges) {
      const own = spans.filter(({ trace }) => trace === traceId);
      expect(own.map((span) => [span.kind, nameOf(span)]).sort()).toEqual(kindsWith(name));
    }
    const names = exchanges.map(({ name }) => name).sort();
    expect(records.map(nameOf).sort()).toEqual(names);
    const served = points.filter(({ instrument }) => instrument === "http.server.request.duration");
    expect(served.flatMap((point) => Array(point.count).fill(nameOf(point))).sort()).toEqual(names);
    expect(await warningsOf(running)).toBe("");
  });

  test("stats() are counters of its meters, where asked for", async () => {
    const running = await start(args, { ASKED_FOR: "attributes,stats" });
    const named = (await expectNamesToArrive(running)).filter(({ name }) => name !== undefined).length;
    const { points } = await running.get<Report>("/report");
    const ours = points.filter(({ instrument, count }) => instrument.startsWith("puggle.") && count !== 0);
    expect(ours).toEqual([
      { instrument: "puggle.propagation.received", attributes: { source: "header" }, count: named },
      { instrument: "puggle.propagation.sent", attributes: {}, count: named * 3 },
    ]);
    expect(await warningsOf(running)).toBe("");
  });
});

test("a fault of OpenTelemetry's would be seen: a propagator that it does not know is a warning", async () => {
  const running = await start(besideHooks[0]?.args ?? [], { OTEL_PROPAGATORS: "virtual-cluster" });
  expect(await warningsOf(running)).toContain("virtual-cluster");
});
