import { inContextOfItsOwn } from "./frames.ts";
import { processState } from "./process-state.ts";
import type { Scope } from "./scope.ts";

let hasShown = false;

/**
 * Shows V8 early what the objects behind `process.nextTick` look like with a scope and without. Node.js builds them key by key, and where V8 meets
 * a shape there that it has not seen while the code grew hot, each tick of the process goes the slow way from then on: a fifth of a request's time.
 */
export function showTicksWithScope(): void {
  if (hasShown) return;
  hasShown = true;
  const scope: Scope = { name: undefined, token: undefined };
  const show = () => process.nextTick(() => {});
  show();
  inContextOfItsOwn(() => processState.storage.run(scope, show));
}
