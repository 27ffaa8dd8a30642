import { processState } from "../process-state.ts";
import { isNowhere, type Scope } from "../scope.ts";
import type { Destination } from "../targets/judge.ts";

/** Shortest time between two warnings, and most of them in the life of a process. */
const INTERVAL_MS = 60_000;
const MOST_WARNINGS = 20;
/** `fetch` takes some twenty of its own, and the hooks ten, before the service's first. */
const FRAMES = 80;

let warnings = 0;
let warnedAt = Number.NEGATIVE_INFINITY;
let countAtWarning = 0;

/** Could a call of this scope have lost another? To be asked first: it is cheap, and mostly not so. */
export function mayBeLost(scope: Scope): boolean {
  return processState.namedInFlight > 0 && isNowhere(scope);
}

/**
 * Counts a call to a target that runs in no scope while a request with a name is in flight: as likely as not it was made for that
 * request, by code that lost its async context. Now and then one is reported with its stack. A call to which its caller gave the header is
 * not to be noted: it has its name.
 *
 * To be called where the request is made, so that the stack is its maker's.
 */
export function noteCallFromNowhere(destination: Destination): void {
  const { settings, counters } = processState;
  if (settings === undefined || !settings.isTarget(destination)) return;
  let stack: string | undefined;
  const readStack = () => {
    stack ??= captureStack();
    return stack;
  };
  if (settings.isPoller?.(destination, readStack) === true) return;
  counters.lost += 1;
  if (!settings.reportLost || warnings >= MOST_WARNINGS) return;
  const now = performance.now();
  if (now - warnedAt < INTERVAL_MS) return;
  warnings += 1;
  warnedAt = now;
  const since = counters.lost - countAtWarning;
  countAtWarning = counters.lost;
  process.emitWarning(
    `a call to ${destination.peer} has no virtual cluster while a request that has one is in flight (${since} since the last warning). ` +
      "Either the code below lost its async context, or it calls on its own account: then list it in PUGGLE_POLLERS, or run it by " +
      "runInVirtualCluster(undefined, ...)",
    { type: "PuggleWarning", code: "PUGGLE_LOST", detail: readStack() },
  );
}

function captureStack(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack = "" } = new Error("lost");
  Error.stackTraceLimit = limit;
  const frames = stack.split("\n").slice(1);
  const others = frames.filter((line) => !/[\\/]propagation[\\/](?:dist|src)[\\/]/.test(line));
  const first = others.findIndex((line) => !/\(?node:/.test(line));
  return others.slice(Math.max(first, 0)).join("\n");
}
