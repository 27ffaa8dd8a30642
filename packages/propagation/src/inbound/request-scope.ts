import type { EventEmitter } from "node:events";
import { processState } from "../process-state.ts";
import { createOwnScope, createScope, kScope, type Scope, type Scoped } from "../scope.ts";
import type { Connection } from "./parser.ts";

/** What will tell when a request is over: its response, or its stream. */
export interface Answer extends Scoped {
  /** The request, where it is a response of Node.js. */
  readonly req?: Scoped | null;
  readonly socket?: object | null;
  readonly destroyed?: boolean;
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
 * have. What answers the request stands in its scope for the same reason; a set of the answers would cost each request as much as its context does.
 */
export function enterRequest(scope: Scope, request: Scoped, answer: Answer): void {
  request[kScope] = scope;
  if (answer.req !== request) answer[kScope] = scope;
  // An adapter may come after work that the client did not wait for: nothing will tell the end of what is over.
  if (scope.name === undefined || answer.destroyed === true) return;
  scope.awaited = answer;
  processState.namedInFlight += 1;
}

/** Where a socket keeps the responses that waited for their turn on it. */
const kWaiting: unique symbol = Symbol.for("puggle.dev/propagation/v1/waiting");

type Socket = EventEmitter & { [kWaiting]?: Set<Answer> };

/** Node 20 and 22 do not close a response that waits behind another when the connection ends. */
export function leaveWithSocket(socket: Socket, answer: Answer): void {
  if (findAwaiting(answer) === undefined) return;
  let waiting = socket[kWaiting];
  if (waiting === undefined) {
    const all = new Set<Answer>();
    waiting = all;
    socket[kWaiting] = all;
    socket.once("close", () => {
      for (const each of all) leaveRequest(each);
    });
  }
  for (const each of waiting) if (findAwaiting(each) === undefined) waiting.delete(each);
  waiting.add(answer);
}

/** To be called when anything that may answer a request closes. */
export function leaveRequest(answer: Answer): void {
  if (processState.namedInFlight === 0) return;
  const scope = findAwaiting(answer);
  if (scope === undefined) return;
  scope.awaited = undefined;
  processState.namedInFlight -= 1;
}

/** The scope of the request that waits for this answer. Services give a response another request, or none, and make a second one for a request. */
function findAwaiting(answer: Answer): Scope | undefined {
  const scope = answer.req?.[kScope];
  if (scope !== undefined && (scope.awaited === answer || scope.awaited === undefined)) return scope.awaited && scope;
  const own = answer[kScope];
  if (own?.awaited === answer) return own;
  const read = (answer.socket as Connection | null | undefined)?.parser?.incoming?.[kScope];
  return read?.awaited === answer ? read : undefined;
}
