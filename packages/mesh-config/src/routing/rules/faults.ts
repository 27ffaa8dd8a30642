import type { Fault, Share } from "../table.ts";
import { toMilliseconds } from "./durations.ts";
import type { HttpRuleSpec } from "./schema.ts";
import { shareOfPercent, shareOfPercentage } from "./shares.ts";

type FaultSpec = NonNullable<HttpRuleSpec["fault"]>;

/** By their names, gRPC's status codes. */
const GRPC_CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** A fault that neither delays nor aborts is none. */
export function compileFault(spec: FaultSpec | undefined): Fault | undefined {
  const fault = { delay: compileDelay(spec?.delay), abort: compileAbort(spec?.abort) };
  return fault.delay === undefined && fault.abort === undefined ? undefined : fault;
}

function compileDelay(delay: FaultSpec["delay"]): Fault["delay"] {
  if (delay?.fixedDelay === undefined) return undefined;
  const share = delay.percentage === undefined ? shareOfPercent(delay.percent ?? 0) : shareOfPercentage(delay.percentage.value);
  return { milliseconds: toMilliseconds(delay.fixedDelay), share };
}

function compileAbort(abort: FaultSpec["abort"]): Fault["abort"] {
  if (abort === undefined) return undefined;
  // Without a percentage Envoy is told none, and takes it for never.
  const share: Share | undefined = abort.percentage === undefined ? undefined : shareOfPercentage(abort.percentage.value);
  if (abort.httpStatus !== undefined) return { kind: "http", status: abort.httpStatus, share };
  if (abort.grpcStatus !== undefined) return { kind: "grpc", status: Math.max(0, GRPC_CODES.indexOf(abort.grpcStatus)), share };
  return undefined;
}
