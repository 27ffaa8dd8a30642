import { expect, test } from "vitest";
import { expectNamesToArrive } from "./contract.ts";
import { NO_EXPORTERS, useServices, warningsOf } from "./services.ts";
import { besideHooks } from "./starts.ts";

const start = useServices(NO_EXPORTERS);

test.each(besideHooks)("requests that OpenTelemetry is told to ignore keep their name: $title", async ({ args }) => {
  const running = await start(args, { ASKED_FOR: "ignore" });
  await expectNamesToArrive(running);
  expect(await warningsOf(running)).toBe("");
});
