import { askHolder, Engine, knownFeatures, type Status } from "@puggle/tc-agent";
import type { CommandResult } from "../../command-result.ts";
import { EXIT_CODES } from "../../exit-code.ts";
import type { Target } from "./target.ts";

/** `puggle net show`: what a network namespace emulates, as its kernel has it. */
export async function show({ namespace, device, name }: Target): Promise<CommandResult> {
  const held = (await askHolder(namespace, "status")) as Status | undefined;
  const status = held ?? (await readStatus(namespace, device));
  const { leaves, rules, applied } = status;
  const holder = held === undefined ? "nobody holds it" : `a process holds it; as it shall be: ${applied}`;
  const text = [
    `${device} of ${name}: ${leaves.length} ${leaves.length === 1 ? "leaf" : "leaves"}, ${holder}`,
    ...rules.map((rule) => `${rule.name}: matched ${rule.matched} (${rule.packets} packets)`),
    ...leaves.map(
      (leaf) => `${leaf.name}: ${leaf.qdiscs.map(({ kind, parameters }) => `${kind} ${JSON.stringify(parameters)}`).join(", ")}`,
    ),
  ];
  return { exitCode: EXIT_CODES.good, text: `${text.join("\n")}\n`, json: { isHeld: held !== undefined, ...status } };
}

async function readStatus(namespace: Target["namespace"], device: string): Promise<Status> {
  const engine = new Engine({ namespace, device, features: await knownFeatures() });
  try {
    return await engine.status();
  } finally {
    await engine.close();
  }
}
