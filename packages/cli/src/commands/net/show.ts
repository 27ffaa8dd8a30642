import { askHolder, describeQdisc, Engine, knownFeatures, type LeafVerdict, readLease, type Status } from "@puggle/tc-agent";
import { CliError } from "../../cli-error.ts";
import type { CommandResult } from "../../command-result.ts";
import { EXIT_CODES } from "../../exit-code.ts";
import { describeVerdicts } from "./describe.ts";
import type { Target } from "./target.ts";

/** What a holder says of its verified leaves. */
interface Verified {
  readonly leaves: Readonly<Record<string, LeafVerdict>>;
}

/**
 * `puggle net show`: what a network namespace emulates, as its kernel has it.
 *
 * @param isVerified - are packets of our own to be sent through its leaves? Only who holds it knows what they should see.
 */
export async function show({ namespace, device, name }: Target, isVerified: boolean): Promise<CommandResult> {
  const held = (await askHolder(namespace, "status")) as Status | undefined;
  // It may end between the two.
  const verified = isVerified && held !== undefined ? ((await askHolder(namespace, "verify")) as Verified | undefined) : undefined;
  if (verified === undefined && isVerified) {
    throw new CliError(
      "usage",
      EXIT_CODES.usage,
      `nobody holds ${name}, so what its leaves should do is not known; use puggle net apply --verify`,
    );
  }
  const verdicts = verified?.leaves ?? {};
  const status = held ?? (await readStatus(namespace, device));
  const { leaves, rules, applied } = status;
  const leaseSeconds = await readLease(namespace, device);
  const holder =
    held === undefined ? `nobody holds it${describeLease(leaves.length, leaseSeconds)}` : `a process holds it; applied ${applied}`;
  const text = [
    `${device} of ${name}: ${leaves.length} ${leaves.length === 1 ? "leaf" : "leaves"}, ${holder}`,
    ...rules.map((rule) => `${rule.name}  matched ${rule.matched}: ${rule.packets} packets`),
    ...describeVerdicts(verdicts),
    ...leaves.map((leaf) => `${leaf.name}  ${leaf.qdiscs.map(describeQdisc).join(", ")}`),
  ];
  return {
    exitCode: EXIT_CODES.good,
    text: `${text.join("\n")}\n`,
    json: {
      isHeld: held !== undefined,
      ...status,
      // What was asked for is known to who holds it alone.
      ...(held === undefined && leaves.length > 0 ? { applied: "Unknown" } : {}),
      ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
      ...(isVerified ? { verdicts } : {}),
    },
  };
}

function describeLease(leaves: number, seconds: number | undefined): string {
  if (leaves === 0) return "";
  return (seconds ?? 0) > 0 ? `; in force for ${seconds} s more` : "; its lease has run out: packets pass untouched";
}

async function readStatus(namespace: Target["namespace"], device: string): Promise<Status> {
  const engine = new Engine({ namespace, device, features: await knownFeatures() });
  try {
    return await engine.status();
  } finally {
    await engine.close();
  }
}
