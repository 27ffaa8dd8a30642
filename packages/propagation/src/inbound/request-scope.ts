import type { EventEmitter } from "node:events";
import { processState } from "../process-state.ts";
import { createScope, kScope, type Scope, type Scoped } from "../scope.ts";

/** Marks what will be told when a request with a name is over: its response, or its stream. */
const kInFlight: unique symbol = Symbol.for("puggle.dev/propagation/v1/in-flight");

interface Tracked extends Scoped {
  [kInFlight]?: boolean;
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
 */
export function enterRequest(scope: Scope, request: Scoped, answer: Tracked): void {
  request[kScope] = scope;
  answer[kScope] = scope;
  // Set for all, so that V8 has one kind of answer to deal with and not two.
  answer[kInFlight] = scope.name !== undefined;
  if (scope.name !== undefined) processState.namedInFlight += 1;
}

/** Where a socket keeps the responses that waited for their turn on it. */
const kWaiting: unique symbol = Symbol.for("puggle.dev/propagation/v1/waiting");

type Socket = EventEmitter & { [kWaiting]?: Set<Tracked> };

/** Node 20 and 22 do not close a response that waits behind another when the connection ends. */
export function leaveWithSocket(socket: Socket, answer: Tracked): void {
  if (answer[kInFlight] !== true) return;
  let waiting = socket[kWaiting];
  if (waiting === undefined) {
    const all = new Set<Tracked>();
    waiting = all;
    socket[kWaiting] = all;
    socket.once("close", () => {
      for (const each of all) leaveRequest(each);
    });
  }
  for (const each of waiting) if (each[kInFlight] !== true) waiting.delete(each);
  waiting.add(answer);
}

/** To be called when anything that may answer a request closes. */
export function leaveRequest(answer: Tracked): void {
  if (answer[kInFlight] !== true) return;
  answer[kInFlight] = false;
  processState.namedInFlight -= 1;
}
