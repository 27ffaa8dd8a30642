/**
 * Does this machine have all that these tests need? Says what is missing, and that they are skipped.
 *
 * @throws in CI, where tests would be left out, and none may be.
 */
export function isComplete(what: string, missing: readonly string[]): boolean {
  if (missing.length === 0) return true;
  const text = `${what} need more than this machine has:\n${missing.map((line) => `  ${line}`).join("\n")}`;
  if (process.env.CI !== undefined) throw new Error(text);
  console.warn(`skipped: ${text}`);
  return false;
}
