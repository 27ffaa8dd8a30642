import type { EventEmitter } from "node:events";
import { processState } from "../process-state.ts";
import { createScope, kScope, type Scope, type Scoped } from "../scope.ts";

/** What will tell when a request is over: its response, or its stream. */
export interface Answer extends Scoped {
  /** The request, where it is a response of Node.js. */
  readonly req?: unknown;
}

/**
 * Makes the scope of an inbound request: of the name that it brought, or else of the process's own virtual cluster.
 */
export function createRequestScope(received: string | undefined): Scope {
  const { settings, counters } = processState;
  if (received !== undefined || settings?.virtualCluster === undefined) return createScope(received);
  counters.received.environment += 1;
  return createScope(settings.virtualCluster);
}

/**
 * Gives a request and what answers it their scope, and counts it as in flight until `answer` closes.
 *
 * A response of Node.js finds its scope by its request: frameworks change the prototypes of both, after which V8 pays again for every property that they
 * have.
 */
export function enterRequest(scope: Scope, request: Scoped, answer: Answer): void {
  request[kScope] = scope;
  if (answer.req !== request) answer[kScope] = scope;
  if (scope.name === undefined) return;
  processState.answersInFlight.add(answer);
  processState.namedInFlight += 1;
}

/** Where a socket keeps the responses that waited for their turn on it. */
const kWaiting: unique symbol = Symbol.for("puggle.dev/propagation/v1/waiting");

type Socket = EventEmitter & { [kWaiting]?: Set<Answer> };

/** Node 20 and 22 do not close a response that waits behind another when the connection ends. */
export function leaveWithSocket(socket: Socket, answer: Answer): void {
  const { answersInFlight } = processState;
  if (!answersInFlight.has(answer)) return;
  let waiting = socket[kWaiting];
  if (waiting === undefined) {
    const all = new Set<Answer>();
    waiting = all;
    socket[kWaiting] = all;
    socket.once("close", () => {
      for (const each of all) leaveRequest(each);
    });
  }
  for (const each of waiting) if (!answersInFlight.has(each)) waiting.delete(each);
  waiting.add(answer);
}

/** To be called when anything that may answer a request closes. */
export function leaveRequest(answer: object): void {
  if (processState.namedInFlight > 0 && processState.answersInFlight.delete(answer)) processState.namedInFlight -= 1;
}
