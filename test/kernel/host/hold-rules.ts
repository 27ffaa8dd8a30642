/** Run as a program: `NAMESPACE RULES` applies rules, says so, and stays until its input ends. */
import { Engine, namespaceAt, probeFeatures, type Rules } from "@puggle/tc-agent";

const [path = "", text = ""] = process.argv.slice(2);
const rules: Rules = JSON.parse(text);
const engine = new Engine({ namespace: namespaceAt(path), features: await probeFeatures(), leaseSeconds: undefined });
await engine.apply(rules);
console.log("applied");
process.stdin.resume().on("end", () => process.exit());
