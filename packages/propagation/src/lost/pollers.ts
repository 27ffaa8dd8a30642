import { PropagationError } from "../errors.ts";
import { createJudge, type Destination, type TargetJudge } from "../targets/judge.ts";
import { compileTargets } from "../targets/pattern.ts";

/** Answers whether a call that runs in no scope is known to be nobody's request. */
export type PollerJudge = (destination: Destination, readStack: () => string) => boolean;

const STACK = "stack:";

/**
 * Makes a judge of the list of pollers: hosts as in `targets`, and `stack:<text>` for calls whose stack has this text. `undefined`
 * for an empty list.
 *
 * @throws {@link PropagationError} `PUGGLE_INVALID_TARGET` for an entry that is neither.
 */
export function compilePollers(pollers: readonly string[]): PollerJudge | undefined {
  if (pollers.length === 0) return undefined;
  const pieces = pollers.filter((each) => each.startsWith(STACK)).map((each) => each.slice(STACK.length).trim());
  if (pieces.includes("")) throw new PropagationError("PUGGLE_INVALID_TARGET", `"${STACK}" is no poller: write ${STACK}<text of a stack>`);
  const hosts = pollers.filter((each) => !each.startsWith(STACK));
  const isHost: TargetJudge = createJudge(compileTargets(hosts));
  return (destination, readStack) => {
    if (hosts.length > 0 && isHost(destination)) return true;
    if (pieces.length === 0) return false;
    const stack = readStack();
    return pieces.some((piece) => stack.includes(piece));
  };
}
