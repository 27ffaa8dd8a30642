import type { Decision, RoutedRequest } from "../routing/route.ts";
import { shareToNumber } from "../routing/rules/shares.ts";
import type { Fault } from "../routing/table.ts";
import type { Explanation, OwnResponse } from "./explain.ts";

/** The share of requests that a fault aborts, from 0 to 1. */
export function abortProbability(fault: Fault | undefined): number {
  return fault?.abort?.share === undefined ? 0 : shareToNumber(fault.abort.share);
}

export function describeDelay(fault: Fault | undefined): Explanation["delay"] {
  const delay = fault?.delay;
  const probability = delay === undefined ? 0 : shareToNumber(delay.share);
  return delay === undefined || probability === 0 ? null : { milliseconds: delay.milliseconds, probability };
}

/** What the proxy answers by itself, with how often: a fault comes before what the rule says. */
export function describeResponses({ route, location }: Decision): readonly OwnResponse[] {
  const aborted = abortProbability(route?.fault);
  const abort = route?.fault?.abort;
  const rest = 1 - aborted;
  const answer = route?.answer;
  const own: OwnResponse[] = [];
  if (abort !== undefined && aborted > 0) {
    const isHttp = abort.kind === "http";
    const grpcStatus = isHttp ? null : abort.status;
    own.push({ status: isHttp ? abort.status : 200, grpcStatus, location: null, probability: aborted, because: "fault" });
  }
  if (rest === 0 || answer === undefined || answer.kind === "none") return own;
  const because = answer.kind === "redirect" ? "redirect" : "direct-response";
  return [...own, { status: answer.status, grpcStatus: null, location: location ?? null, probability: rest, because }];
}

/** How the request leaves the proxy, where it does. */
export function describeForwarded({ forwarded }: Decision, { host }: RoutedRequest): Explanation["forwarded"] {
  return forwarded === undefined ? null : { path: forwarded.path, host: forwarded.authority ?? host };
}
