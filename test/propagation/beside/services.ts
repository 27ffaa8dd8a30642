import { afterAll, afterEach, beforeAll } from "vitest";
import type { Loopback } from "../loopback.ts";
import { environmentOf, listenDownstream, type RunningService, startService } from "./running-service.ts";

/** Starts a service that calls the downstream of this file's tests. */
export type StartOne = (args: readonly string[], env?: Record<string, string>, cwd?: string) => Promise<RunningService>;

/** OpenTelemetry with all exporters off, and its warnings on stderr. */
export const NO_EXPORTERS = {
  OTEL_LOG_LEVEL: "WARN",
  OTEL_TRACES_EXPORTER: "none",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
};

/** For a file of tests: a downstream for all of them, and services that end with the test that started them. */
export function useServices(environment: Record<string, string> = {}): StartOne {
  let downstream: Loopback;
  const running: RunningService[] = [];
  beforeAll(async () => {
    downstream = await listenDownstream();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((service) => service.stop()));
  });
  afterAll(() => downstream.close());
  return async (args, env, cwd) => {
    const service = await startService(args, environmentOf(downstream, { ...environment, ...env }), cwd);
    running.push(service);
    return service;
  };
}

/** SDK 2 says of what the environment asks for that it does it. */
const SAID_WITHOUT_US = 'OTEL_TRACES_EXPORTER contains "none". SDK will not be initialized.\n';

/** Ends a service and gives what it wrote to stderr, without what it writes without us too. */
export async function warningsOf(service: RunningService): Promise<string> {
  return (await service.stop()).replace(SAID_WITHOUT_US, "");
}
