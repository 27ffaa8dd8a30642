/** Reads vitest's JSON report and says how many tests ran; fails where one was skipped or none ran. */
import { readFile } from "node:fs/promises";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

const [, , path = ""] = process.argv;
const { numPassedTests, numFailedTests, numPendingTests, numTodoTests }: Report = JSON.parse(await readFile(path, "utf8"));
const skipped = numPendingTests + numTodoTests;
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${skipped} skipped`);
if (numPassedTests === 0 || numFailedTests > 0 || skipped > 0) {
  console.error("every test must run and pass");
  process.exitCode = 1;
}
