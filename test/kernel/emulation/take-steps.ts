/** Run as a program inside that kernel: takes steps in a network namespace, one after the other, and prints what each took; a last line says how it ended. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Engine, knownFeatures, namespaceAt, type Rules } from "@puggle/tc-agent";

export interface Steps {
  /** A file that stands for the namespace. */
  readonly namespace: string;
  readonly rules: readonly Rules[];
  readonly pauseMs: number;
  /** Is all cleared in the end? Else what is in force stays as it is. */
  readonly isCleared: boolean;
}

const [path = ""] = process.argv.slice(2);
const { namespace, rules: steps, pauseMs, isCleared }: Steps = JSON.parse(readFileSync(path, "utf8"));
const engine = new Engine({ namespace: namespaceAt(namespace), features: await knownFeatures() });
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
print({ event: "ready" });
for (const rules of steps) {
  const { milliseconds } = await engine.apply(rules);
  print({ event: "applied", milliseconds });
  await sleep(pauseMs);
}
print({ event: "done", ...(await engine.status()) });
if (isCleared) await engine.clear();
await engine.settled();
await engine.close();
