import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KernelError } from "../kernel/kernel-error.ts";
import { type Command, lineOf } from "../tree/commands.ts";
import { Retirement } from "./retirement.ts";

/** What is in a namespace, and what its kernel refuses. */
class SimulatedNamespace {
  links: string[] = ["lo", "eth0", "pgl0", "pgl1", "pgl2"];
  /** Where filters of eth0 lead. */
  led: string[] = [];
  held = new Set<string>();
  refused = new Set<string>();
  error: Error | undefined;
  #grouped: string[] = [];

  show = async (command: Command): Promise<readonly unknown[]> => {
    if (this.error !== undefined) throw this.error;
    const line = lineOf(command);
    if (line === "qdisc show") {
      return [
        { kind: "clsact", handle: "ffff:", dev: "eth0" },
        { kind: "clsact", handle: "ffff:", dev: "odd;name" },
        ...[...this.held].map((dev) => ({ kind: "netem", handle: "1:", dev, qlen: 3 })),
      ];
    }
    return (line.includes("group") ? this.#grouped : this.links).map((ifname) => ({ ifname }));
  };

  showAll = async (commands: readonly Command[]) =>
    commands.map(() => this.led.map((to_dev) => ({ kind: "bpf", options: { actions: [{ kind: "mirred", to_dev }] } })));

  run = async (commands: readonly Command[]) =>
    commands.flatMap((command) => {
      const [, verb, name = "", value = ""] = command.words;
      if (verb === "set") this.#grouped.push(name);
      if (verb !== "del") return [];
      const names = name === "group" ? this.#grouped.splice(0) : [name];
      const staying = names.filter((one) => this.refused.has(one));
      this.links = this.links.filter((one) => !names.includes(one) || staying.includes(one));
      return staying.length > 0 ? [`ip link del ${name}${value && ` ${value}`}: Device or resource busy`] : [];
    });
}

const retire = (...leaves: readonly string[]) => ({ kind: "retire" as const, leaves, atMostMs: 1_000, commands: [] });

describe("leaves that are to go", () => {
  let namespace: SimulatedNamespace;
  let retirement: Retirement;

  beforeEach(() => {
    vi.useFakeTimers();
    namespace = new SimulatedNamespace();
    retirement = new Retirement(namespace, (act) => act());
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const after = async (milliseconds: number) => {
    await vi.advanceTimersByTimeAsync(milliseconds);
    return namespace.links.filter((name) => name.startsWith("pgl"));
  };

  it.each([[["pgl0"]], [["pgl0", "pgl1"]]])("go when they are empty: %j", async (names) => {
    retirement.only(retire(...names));
    namespace.held.add("pgl0");
    expect(await after(500)).toContain("pgl0");
    namespace.held.clear();
    expect(await after(100)).toEqual(["pgl0", "pgl1", "pgl2"].filter((name) => !names.includes(name)));
    await expect(retirement.settled()).resolves.toBeUndefined();
  });

  it("go after their time though they hold packets", async () => {
    namespace.held.add("pgl0");
    retirement.only(retire("pgl0"));
    expect(await after(1_100)).toEqual(["pgl1", "pgl2"]);
  });

  it("stay where a filter leads to them, whoever's it is, and that is told", async () => {
    namespace.led = ["pgl1"];
    retirement.only(retire("pgl0", "pgl1"));
    const settled = expect(retirement.settled()).rejects.toThrow(/stay: pgl1 \(a filter leads to it\)$/);
    expect(await after(2_000)).toEqual(["pgl1", "pgl2"]);
    await settled;
    await expect(retirement.settled()).rejects.toMatchObject({ code: "refused" });
  });

  it("are tried again after a refusal", async () => {
    namespace.refused.add("pgl0");
    retirement.only(retire("pgl0", "pgl1"));
    expect(await after(100)).toEqual(["pgl0", "pgl2"]);
    namespace.refused.clear();
    expect(await after(100)).toEqual(["pgl2"]);
    await expect(retirement.settled()).resolves.toBeUndefined();
  });

  it("are told by name where the kernel refuses for good, until a plan names others", async () => {
    namespace.refused.add("pgl0");
    retirement.only(retire("pgl0"));
    await after(2_000);
    await expect(retirement.settled()).rejects.toThrow(/pgl0 \(ip link del pgl0: Device or resource busy\)$/);
    retirement.only(undefined);
    await expect(retirement.settled()).resolves.toBeUndefined();
  });

  it("are waited for on where the tools fail for once", async () => {
    retirement.only(retire("pgl0"));
    namespace.error = new Error("tc printed no list");
    await after(100);
    namespace.error = undefined;
    expect(await after(100)).toEqual(["pgl1", "pgl2"]);
  });

  it("are nobody's business any more when the namespace is gone", async () => {
    retirement.only(retire("pgl0"));
    namespace.error = new KernelError("gone", "the network namespace is gone");
    await after(100);
    await expect(retirement.settled()).resolves.toBeUndefined();
  });

  it("are those of the last plan alone", async () => {
    retirement.only(retire("pgl0", "pgl1"));
    retirement.only(retire("pgl1", "pgl2"));
    expect(await after(200)).toEqual(["pgl0"]);
    retirement.only(retire("pgl0"));
    retirement.only(undefined);
    expect(await after(200)).toEqual(["pgl0"]);
  });
});
