import { askHolder, Claim, Engine, knownFeatures, removeMarks } from "@puggle/tc-agent";
import type { CommandResult } from "../../command-result.ts";
import { EXIT_CODES } from "../../exit-code.ts";
import type { Target } from "./target.ts";

/** `puggle net clear`: lets every packet pass again. A process that holds the namespace is asked to do it, and ends. */
export async function clear({ namespace, device, name }: Target): Promise<CommandResult> {
  const text = `cleared ${device} of ${name}\n`;
  const held = await askHolder(namespace, "clear");
  if (held !== undefined) return { exitCode: EXIT_CODES.good, text, json: { cleared: true, wasHeld: true } };
  const engine = new Engine({ namespace, device, features: await knownFeatures() });
  const claim = await Claim.make(namespace, async () => engine.status());
  try {
    await engine.clear();
    await removeMarks(namespace);
    await engine.settled();
  } finally {
    await claim.release();
    await engine.close();
  }
  return { exitCode: EXIT_CODES.good, text, json: { cleared: true, wasHeld: false } };
}
