import { statSync } from "node:fs";
import { join } from "node:path";
import { cgroupRoot } from "../kernel/cgroups.ts";
import { KernelError } from "../kernel/kernel-error.ts";
import type { NetworkNamespace } from "../kernel/network-namespace.ts";
import { runInside } from "../kernel/run-inside.ts";
import type { Mark } from "../tree/layout.ts";
import { wordsOfRule } from "./saved-rule.ts";

/** Bits that neither Istio (0x539) nor what it takes for itself uses; marks do not leave the namespace. */
export const CONTAINER_MARK: Mark = { value: 0x00100000, mask: 0x00f00000 };

const COMMENT = "puggle";
/** Others change rules too, one at a time; one that hangs must not stop us for ever. */
const LOCKED_AT_MOST_SECONDS = "5";
/** By which tools each IP version's packets can be marked; the first that does it counts. */
const TOOLS = [
  ["iptables", "ip6tables"],
  ["iptables-legacy", "ip6tables-legacy"],
] as const;

/** Marks the packets of one container of a network namespace, by its control group. */
export class ContainerMarks {
  readonly #namespace: NetworkNamespace;
  readonly #cgroup: string;
  /** Those that have made its rules. */
  #tools: readonly string[] | undefined;

  constructor(namespace: NetworkNamespace, cgroup: string) {
    this.#namespace = namespace;
    this.#cgroup = cgroup;
  }

  /**
   * Marks what the container sends from now on, and the connections that it opens. A rule holds for the control group that was there when it was made, and not
   * for another at the same path: it is made again when the container has started again.
   *
   * @returns was anything changed?
   * @throws KernelError `gone` where there is no such control group, `unsupported`
   */
  async ensure(): Promise<boolean> {
    const wanted = this.#rules(`${COMMENT}:${this.#inode()}`);
    const reasons: string[] = [];
    for (const tools of this.#tools === undefined ? TOOLS : [this.#tools]) {
      try {
        let isChanged = false;
        for (const tool of tools) isChanged = (await this.#ensureBy(tool, wanted)) || isChanged;
        this.#tools = tools;
        return isChanged;
      } catch (error) {
        if (error instanceof KernelError && error.code === "gone") throw error;
        // A tool may list rules and take none: iptables for nftables, on a kernel without nft_compat.
        reasons.push(messageOf(error));
        if (this.#tools === undefined) await this.#removeBy(tools);
      }
    }
    throw new KernelError(
      "unsupported",
      `packets of one container can not be marked; install the package iptables, and load the modules xt_cgroup, xt_mark, xt_connmark and xt_conntrack (${reasons.join("; ")})`,
    );
  }

  /** Takes away what marks a container of the namespace, whichever it is. */
  async remove(): Promise<void> {
    for (const tools of TOOLS) await this.#removeBy(tools);
  }

  async #ensureBy(tool: string, wanted: readonly (readonly string[])[]): Promise<boolean> {
    const found = await this.#ownRules(tool);
    // More than one set of them: the last turn could not take the old one away. Before that is done, no more are added.
    const surplus = found.slice(0, -wanted.length);
    await this.#delete(tool, surplus);
    const left = found.slice(-wanted.length);
    const comment = wanted[0]?.find((word) => word.startsWith(`${COMMENT}:`)) ?? "";
    if (left.length === wanted.length && left.every((rule) => rule.includes(comment))) return surplus.length > 0;
    for (const rule of wanted) await this.#mangle(tool, ["-A", "OUTPUT", ...rule]);
    await this.#delete(tool, left);
    return true;
  }

  async #removeBy(tools: readonly string[]): Promise<void> {
    for (const tool of tools) {
      const own = await this.#ownRules(tool).catch((error: unknown) => {
        if (messageOf(error).includes("xtables lock")) throw error;
        // A tool that is not there, or lists nothing, has made nothing.
        return [];
      });
      await this.#delete(tool, own);
    }
  }

  #rules(comment: string): readonly (readonly string[])[] {
    const { value, mask } = CONTAINER_MARK;
    const [mark, bits] = [value, mask].map((number) => `0x${number.toString(16)}`) as [string, string];
    const said = ["-m", "comment", "--comment", comment];
    return [
      ["-m", "cgroup", "--path", this.#cgroup.replace(/^\//, ""), ...said, "-j", "MARK", "--set-xmark", `${mark}/${bits}`],
      // Of connections that others opened it sends no packet in the original direction.
      [
        ...["-m", "mark", "--mark", `${mark}/${bits}`, "-m", "conntrack", "--ctdir", "ORIGINAL", ...said],
        ...["-j", "CONNMARK", "--save-mark", "--nfmask", bits, "--ctmask", bits],
      ],
    ];
  }

  #inode(): number {
    if (this.#cgroup.startsWith("/..")) {
      throw new KernelError(
        "unsupported",
        `this process sees control groups from a namespace of its own, where the container's is ${this.#cgroup}; run it in that of the host`,
      );
    }
    try {
      return statSync(join(cgroupRoot() ?? "", this.#cgroup)).ino;
    } catch {
      throw new KernelError("gone", `the container's control group ${this.#cgroup} is gone`);
    }
  }

  /** In their order, as words. */
  async #ownRules(tool: string): Promise<readonly (readonly string[])[]> {
    const stdout = await this.#mangle(tool, ["-S", "OUTPUT"]);
    const rules = stdout.split("\n").map(wordsOfRule);
    return rules.filter((words) => words[words.indexOf("--comment") + 1]?.startsWith(`${COMMENT}:`));
  }

  async #delete(tool: string, rules: readonly (readonly string[])[]): Promise<void> {
    for (const [, ...rule] of rules) await this.#mangle(tool, ["-D", ...rule]);
  }

  #mangle(tool: string, words: readonly string[]): Promise<string> {
    return runInside(this.#namespace, [tool, "-w", LOCKED_AT_MOST_SECONDS, "-t", "mangle", ...words]);
  }
}

function messageOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return said.replaceAll("\n", " ").trim();
}

/** Takes away what marks a container of a network namespace, where whoever marked it was killed. */
export async function removeMarks(namespace: NetworkNamespace): Promise<void> {
  await new ContainerMarks(namespace, "").remove();
}
