import type { EventEmitter } from "node:events";
import { processState } from "../process-state.ts";
import { createOwnScope, createScope, kInFlight, kScope, type Scope, type Scoped } from "../scope.ts";
import type { Connection } from "./parser.ts";

/** What will tell when a request is over: its response, or its stream. */
export interface Answer extends Scoped {
  /** The request, where it is a response of Node.js. */
  readonly req?: Scoped | null;
  readonly socket?: object | null;
  [kInFlight]?: boolean;
}

/**
 * Makes the scope of an inbound request: of the name that it brought, or else of the process's own virtual cluster.
 */
export function createRequestScope(received: string | undefined): Scope {
  const { settings, counters } = processState;
  if (received !== undefined) return createOwnScope(received);
  if (settings?.virtualCluster === undefined) return createScope(undefined);
  counters.received.environment += 1;
  return createOwnScope(settings.virtualCluster);
}

/**
 * Gives a request and what answers it their scope, and counts it as in flight until `answer` closes.
 *
 * A response of Node.js finds its scope by its request: frameworks change the prototypes of both, after which V8 pays again for every property that they
 * have. That the request is in flight stands in its scope for the same reason; a set of the answers would cost each request as much as its context does.
 */
export function enterRequest(scope: Scope, request: Scoped, answer: Answer): void {
  request[kScope] = scope;
  const isResponse = answer.req === request;
  if (!isResponse) answer[kScope] = scope;
  if (scope.name === undefined) return;
  const mark = isResponse ? scope : answer;
  mark[kInFlight] = true;
  processState.namedInFlight += 1;
}

/** Where a socket keeps the responses that waited for their turn on it. */
const kWaiting: unique symbol = Symbol.for("puggle.dev/propagation/v1/waiting");

type Socket = EventEmitter & { [kWaiting]?: Set<Answer> };

/** Node 20 and 22 do not close a response that waits behind another when the connection ends. */
export function leaveWithSocket(socket: Socket, answer: Answer): void {
  if (!isInFlight(answer)) return;
  let waiting = socket[kWaiting];
  if (waiting === undefined) {
    const all = new Set<Answer>();
    waiting = all;
    socket[kWaiting] = all;
    socket.once("close", () => {
      for (const each of all) leaveRequest(each);
    });
  }
  for (const each of waiting) if (!isInFlight(each)) waiting.delete(each);
  waiting.add(answer);
}

/** To be called when anything that may answer a request closes. */
export function leaveRequest(answer: Answer): void {
  if (processState.namedInFlight === 0) return;
  const mark = markOf(answer);
  if (mark[kInFlight] !== true) return;
  mark[kInFlight] = false;
  processState.namedInFlight -= 1;
}

function isInFlight(answer: Answer): boolean {
  return markOf(answer)[kInFlight] === true;
}

function markOf(answer: Answer): Scope | Answer {
  const { req } = answer;
  if (req === undefined) return answer;
  // The connection of a response that was made to forget its request still knows it.
  const scope = (req ?? (answer.socket as Connection | null | undefined)?.parser?.incoming)?.[kScope];
  return scope?.[kInFlight] === undefined ? answer : scope;
}
