import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Engine, namespaceAt, probeFeatures, type Rules } from "@puggle/tc-agent";

/** What to do with one network namespace, one after the other. */
export interface Steps {
  readonly namespace: string;
  readonly device: string;
  readonly steps: readonly { readonly rules: Rules; readonly thenWaitMs: number }[];
}

const [path = ""] = process.argv.slice(2);
const { namespace, device, steps }: Steps = JSON.parse(readFileSync(path, "utf8"));
const features = await probeFeatures();
const engine = new Engine({ namespace: namespaceAt(namespace), device, features });
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
print({ features });
for (const { rules, thenWaitMs } of steps) {
  const { milliseconds, steps: taken, pause } = await engine.apply(rules);
  print({ milliseconds, taken, pause });
  await sleep(thenWaitMs);
}
print(await engine.status());
await engine.clear();
await engine.settled();
await engine.close();
