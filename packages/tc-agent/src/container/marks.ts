import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cgroupRoot } from "../kernel/cgroups.ts";
import { KernelError } from "../kernel/kernel-error.ts";
import type { NetworkNamespace } from "../kernel/network-namespace.ts";
import type { Mark } from "../tree/layout.ts";

const run = promisify(execFile);

/** Bits that neither Istio (0x539) nor what it takes for itself uses; marks do not leave the namespace. */
export const CONTAINER_MARK: Mark = { value: 0x00100000, mask: 0x00f00000 };

const COMMENT = "puggle";
/** By which tools each IP version's packets can be marked, the one that is there counts. */
const TOOLS = [
  ["iptables", "ip6tables"],
  ["iptables-legacy", "ip6tables-legacy"],
] as const;

/** Marks the packets of one container of a network namespace, by its control group. */
export class ContainerMarks {
  readonly #namespace: NetworkNamespace;
  readonly #cgroup: string;
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
    const comment = `${COMMENT}:${this.#inode()}`;
    let isChanged = false;
    for (const tool of await this.#find()) {
      const found = await this.#ownRules(tool);
      const wanted = this.#rules(comment);
      if (found.length === wanted.length && found.every((rule) => rule.includes(comment))) continue;
      await this.#append(tool, wanted);
      await this.#delete(tool, found);
      isChanged = true;
    }
    return isChanged;
  }

  async remove(): Promise<void> {
    for (const tool of await this.#find()) await this.#delete(tool, await this.#ownRules(tool));
  }

  /** Takes away what marks a container of a namespace, whichever it is, where something does. */
  static async removeAll(namespace: NetworkNamespace): Promise<void> {
    const marks = new ContainerMarks(namespace, "");
    try {
      await marks.remove();
    } catch (error) {
      // Where there is no tool for it, nothing of ours was made by it.
      if (!(error instanceof KernelError && error.code === "unsupported")) throw error;
    }
  }

  async #append(tool: string, rules: readonly (readonly string[])[]): Promise<void> {
    const before = await this.#ownRules(tool);
    try {
      for (const rule of rules) await this.#mangle(tool, ["-A", "OUTPUT", ...rule]);
    } catch (error) {
      const after = await this.#ownRules(tool);
      await this.#delete(tool, after.slice(before.length));
      const why = error instanceof Error ? error.message.replaceAll("\n", " ") : String(error);
      throw new KernelError(
        "unsupported",
        `packets of one container can not be marked; load the modules xt_cgroup, xt_mark, xt_connmark and xt_conntrack (${why})`,
      );
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
    try {
      return statSync(join(cgroupRoot() ?? "", this.#cgroup)).ino;
    } catch {
      throw new KernelError("gone", `the container's control group ${this.#cgroup} is gone`);
    }
  }

  async #find(): Promise<readonly string[]> {
    if (this.#tools !== undefined) return this.#tools;
    const reasons: string[] = [];
    for (const tools of TOOLS) {
      try {
        for (const tool of tools) await this.#mangle(tool, ["-S", "OUTPUT"]);
        this.#tools = tools;
        return tools;
      } catch (error) {
        reasons.push(error instanceof Error ? error.message.replaceAll("\n", " ") : String(error));
      }
    }
    throw new KernelError(
      "unsupported",
      `packets of one container can not be marked; install the package iptables (${reasons.join("; ")})`,
    );
  }

  async #ownRules(tool: string): Promise<readonly string[]> {
    const { stdout } = await this.#mangle(tool, ["-S", "OUTPUT"]);
    return stdout.split("\n").filter((line) => line.includes(`--comment ${COMMENT}:`) || line.includes(`--comment "${COMMENT}:`));
  }

  async #delete(tool: string, rules: readonly string[]): Promise<void> {
    for (const rule of rules) await this.#mangle(tool, ["-D", ...rule.replaceAll('"', "").split(" ").slice(1)]);
  }

  #mangle(tool: string, words: readonly string[]) {
    return run("nsenter", [`--net=${this.#namespace.path}`, tool, "-w", "-t", "mangle", ...words]);
  }
}
