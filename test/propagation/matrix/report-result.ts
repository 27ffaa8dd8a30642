/**
 * Hands the result to the process that started this one by `runInNode`, and ends this process.
 *
 * @param result - plain JSON.
 */
export function reportResult(result: unknown): void {
  if (process.send === undefined) console.log(JSON.stringify(result, undefined, 2));
  else process.send(result, () => process.exit());
}

// A process whose parent was killed has nobody to run for.
if (process.send !== undefined) process.on("disconnect", () => process.exit(1));
