import { describe, expect, test } from "vitest";
import { HEADER } from "../requests.ts";
import { everyWay, expectNamesToArrive, expectTraceToContinue, namesOf } from "./contract.ts";
import { NO_EXPORTERS, useServices, warningsOf } from "./services.ts";
import { withoutHooks } from "./starts.ts";

const start = useServices(NO_EXPORTERS);

describe.each(withoutHooks)("our propagator in OpenTelemetry, without hooks, $title,", ({ args }) => {
  test("writes the name once", async () => {
    const running = await start(args, { ASKED_FOR: "propagator" });
    expectTraceToContinue(await expectNamesToArrive(running));
    expect(await warningsOf(running)).toBe("");
  });

  test("leaves the caller's own header alone", async () => {
    const running = await start(args, { ASKED_FOR: "propagator" });
    for (const headers of [{ [HEADER]: "vc-1" }, {}, { [HEADER]: "mine" }]) {
      expect(namesOf(await running.get("/own-header", headers))).toEqual(everyWay(["mine"]));
    }
  });

  test("takes the process's own virtual cluster where no request gives a name", async () => {
    const running = await start(args, { ASKED_FOR: "propagator", VIRTUAL_CLUSTER_NAME: "vc-own" });
    expect(namesOf(await running.get("/call"))).toEqual(everyWay(["vc-own"]));
    expect(namesOf(await running.get("/call", { [HEADER]: "vc-1" }))).toEqual(everyWay(["vc-1"]));
  });

  test("reads and writes nothing once propagation is switched off", async () => {
    const running = await start(args, { ASKED_FOR: "propagator", PUGGLE_PROPAGATION: "off" });
    expect(namesOf(await running.get("/call", { [HEADER]: "vc-1" }))).toEqual(everyWay([]));
  });
});
