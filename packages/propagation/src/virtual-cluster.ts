import { describeValue, PropagationError } from "./errors.ts";
import { findNameFault } from "./names.ts";
import { processState } from "./process-state.ts";
import { createScope, currentName } from "./scope.ts";

/**
 * The name of the virtual cluster that the running code works for; `undefined` where it works for none.
 *
 * @example
 * ```ts
 * import { currentVirtualCluster } from "@puggle/propagation";
 *
 * console.log(`order stored for ${currentVirtualCluster() ?? "the baseline"}`);
 * ```
 */
export function currentVirtualCluster(): string | undefined {
  return currentName();
}

/**
 * Runs `work`, and everything that it starts, in a virtual cluster: for work that no request started, such as a cron or a
 * message. `undefined` runs it in none.
 *
 * @returns what `work` returns.
 * @throws {@link PropagationError} `PUGGLE_INVALID_NAME` for a name that is no DNS-1123 label of at most 63 characters, or that
 * is `default`; `PUGGLE_INVALID_ARGUMENT` where `work` is no function.
 *
 * @example
 * ```ts
 * import { runInVirtualCluster } from "@puggle/propagation";
 *
 * await runInVirtualCluster("pr-42", () => fetch("http://orders/nightly"));
 * ```
 */
export function runInVirtualCluster<T>(name: string | undefined, work: () => T): T {
  const fault = name === undefined ? undefined : typeof name === "string" ? findNameFault(name) : "not-a-dns-label";
  if (fault !== undefined) {
    throw new PropagationError(
      "PUGGLE_INVALID_NAME",
      `${describeValue(name)} is no virtual cluster's name (${fault}): it takes 1 to 63 of a-z, 0-9 and "-", no "-" at either end, and not "default"`,
    );
  }
  if (typeof work !== "function") {
    throw new PropagationError(
      "PUGGLE_INVALID_ARGUMENT",
      `runInVirtualCluster(name, work) takes a function as its work, and this is ${describeValue(work)}`,
    );
  }
  return processState.storage.run(createScope(name), work);
}
