import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Degradation, Match, Rules } from "../spec/emulation.ts";
import { lineOf } from "./commands.ts";
import { type Desired, planChange, type Step } from "./plan.ts";
import { MARK, randomRules } from "./testing/random-rules.ts";
import { SimulatedKernel } from "./testing/simulated-kernel.ts";
import { placeOf } from "./tree.ts";

const desire = (rules: Rules, more: Partial<Desired> = {}): Desired => ({
  rules,
  device: "eth0",
  mtu: 1500,
  dialect: "flower",
  isLeased: true,
  ...more,
});

/** Takes all steps, and looks after each command whether what leads to a leaf can lead there. */
function take(kernel: SimulatedKernel, steps: readonly Step[]): readonly string[] {
  return steps.flatMap(({ kind, commands }) =>
    commands.map((command) => {
      const line = `${command.tool} ${lineOf(command)}`;
      if (line.startsWith("ip link del")) {
        expect(kind).toBe("retire");
        expect([...kernel.filters.values()].map(({ action }) => action)).not.toContainEqual({ kind: "redirect", to: command.words[2] });
      }
      if (line.includes("redirect")) expect(kernel.leaves.get(command.words[command.words.indexOf("redirect") + 2] ?? "")?.isUp).toBe(true);
      kernel.run(command);
      const isGuarded = [...kernel.filters.values()].every(
        ({ hook, action }) => action.kind !== "redirect" || [10, 11].every((preference) => kernel.filters.has(`${hook}/0/${preference}`)),
      );
      if (command.words.includes("filter")) expect(isGuarded).toBe(true);
      return line;
    }),
  );
}

function reach(kernel: SimulatedKernel, desired: Desired): readonly string[] {
  return take(kernel, planChange(kernel.tree, desired));
}

const EVERYBODY: readonly Match[] = [{ family: 4, cidr: "0.0.0.0/0" }];
const delayed: Degradation = { kind: "degradation", delayUs: 10_000, jitterUs: 0, delayCorrelation: 0 };
const rulesWith = (...emulations: readonly Degradation[]): Rules => ({
  rules: emulations.map((emulation, index) => ({
    name: `rule ${index}`,
    direction: "egress",
    matches: index === 0 ? [{ family: 4, cidr: "10.0.0.0/8" }] : EVERYBODY,
    except: [],
    emulation,
  })),
  pass: [],
});

describe("a plan", () => {
  const goal = fc
    .tuple(randomRules({ isWhole: true }), fc.boolean(), fc.boolean())
    .map(([rules, isMarked]) => desire(rules, isMarked ? { mark: MARK } : {}));

  it("leads from any rules to any others, makes what is needed first, and leaves nothing to do", () => {
    fc.assert(
      fc.property(fc.array(goal, { minLength: 1, maxLength: 4 }), (goals) => {
        const kernel = new SimulatedKernel();
        for (const desired of goals) {
          reach(kernel, desired);
          expect(planChange(kernel.tree, desired)).toEqual([]);
          const led = new Set([...kernel.filters.values()].flatMap(({ action }) => (action.kind === "redirect" ? [action.to] : [])));
          expect([...led].every((name) => kernel.leaves.has(name))).toBe(true);
        }
        reach(kernel, desire({ rules: [], pass: [] }));
        expect(kernel.leaves.size).toBe(0);
        expect([...kernel.filters.keys()]).toEqual(kernel.hasHooks ? ["egress/0/65000", "ingress/0/65000"] : []);
      }),
      { numRuns: 150 },
    );
  });

  it("does nothing where nothing is and nothing is wanted", () => {
    expect(planChange(new SimulatedKernel().tree, desire({ rules: [], pass: [] }))).toEqual([]);
  });

  it.each(["flower", "u32"] as const)("does nothing to hooks that somebody else made where nothing is wanted, by %s", (dialect) => {
    const kernel = new SimulatedKernel();
    kernel.hasHooks = true;
    expect(planChange(kernel.tree, desire({ rules: [], pass: [] }, { dialect }))).toEqual([]);
  });

  it("takes away leaves whose hooks somebody else took away", () => {
    const kernel = new SimulatedKernel();
    reach(kernel, desire(rulesWith(delayed)));
    kernel.hasHooks = false;
    kernel.filters.clear();
    expect(reach(kernel, desire({ rules: [], pass: [] }))).toEqual(["ip link del pgl0"]);
  });
});

describe("names of leaves", () => {
  it("are none that any device has", () => {
    const kernel = new SimulatedKernel();
    for (const name of ["lo", "pgl0", "pgl2", "pgl999999999"]) kernel.others.add(name);
    reach(kernel, desire(rulesWith(delayed, { ...delayed, delayUs: 20_000 })));
    expect([...kernel.leaves.keys()]).toEqual(["pgl1", "pgl3"]);
    reach(kernel, desire({ rules: [], pass: [] }));
    reach(kernel, desire(rulesWith(delayed), { leavesFrom: 999_999_999 }));
    expect([...kernel.leaves.keys()]).toEqual(["pgl1"]);
  });

  it("are given to devices that are made before anything is done to one by its name", () => {
    const steps = planChange(new SimulatedKernel().tree, desire(rulesWith(delayed, delayed)));
    const made = steps.filter(({ commands }) => commands.some(({ words: [object, verb] }) => object === "link" && verb === "add"));
    expect(made.map(({ commands }) => commands.map(({ words }) => words.slice(0, 3).join(" ")))).toEqual([
      ["link add pgl0", "link add pgl1"],
    ]);
  });
});

describe("leaves", () => {
  const jittery: Degradation = { ...delayed, jitterUs: 1_000, distribution: "normal" };
  const corrupt: Degradation = { ...delayed, corrupt: { probability: 0.1, correlation: 0 } };
  const slow: Degradation = { ...delayed, rate: 8_000_000 };

  it.each<[string, Degradation, Degradation, boolean]>([
    ["stay where their delay changes", delayed, { ...delayed, delayUs: 20_000 }, true],
    ["stay where a loss comes", delayed, { ...delayed, loss: { kind: "random", probability: 0.1, correlation: 0.5 } }, true],
    ["stay where a corruption comes", delayed, corrupt, true],
    ["stay where their rate changes", slow, { ...slow, rate: 16_000_000 }, true],
    ["are made new where a corruption goes, which netem keeps", corrupt, delayed, false],
    ["are made new where a distribution goes, which netem keeps", jittery, { ...jittery, distribution: "uniform" }, false],
    ["are made new where a rate comes", delayed, slow, false],
    ["are made new where a rate goes", slow, delayed, false],
  ])("%s", (_what, before, after, isKept) => {
    const kernel = new SimulatedKernel();
    reach(kernel, desire(rulesWith(before)));
    reach(kernel, desire(rulesWith(after)));
    expect([...kernel.leaves.keys()]).toEqual([isKept ? "pgl0" : "pgl1"]);
    const fresh = new SimulatedKernel();
    reach(fresh, desire(rulesWith(after)));
    const [leaf] = kernel.leaves.values();
    const [other] = fresh.leaves.values();
    expect({ ...leaf, name: "" }).toEqual({ ...other, name: "" });
  });

  it("do not change for the packets of another rule", () => {
    const kernel = new SimulatedKernel();
    const second = { ...delayed, delayUs: 20_000 };
    reach(kernel, desire(rulesWith(delayed, second)));
    reach(kernel, desire(rulesWith({ ...delayed, delayUs: 20_000 }, second)));
    const leaves = [...kernel.filters.values()].flatMap(({ action }) => (action.kind === "redirect" ? [action.to] : []));
    expect(leaves).toEqual(["pgl0", "pgl1"]);
  });
});

describe("drift", () => {
  const rules = rulesWith(delayed, { ...delayed, delayUs: 20_000, jitterUs: 1_000 });
  const FIRST = "egress/0/1000";

  it.each<[string, (kernel: SimulatedKernel) => void, RegExp]>([
    ["a rule's filter that is gone comes back alone", (kernel) => kernel.filters.delete(FIRST), /^tc filter add .* pref 1000 /],
    ["a lease's filter that is gone comes back alone", (kernel) => kernel.filters.delete("egress/0/10"), /^tc filter add .* pref 10 /],
    ["the last filter that is gone comes back alone", (kernel) => kernel.filters.delete("egress/0/65000"), /^tc filter add .* pref 65000 /],
    ["a leaf that is down goes up", (kernel) => kernel.change("pgl0", { isUp: false }), /^ip link set pgl0 up$/],
    [
      "a filter of neighbour discovery that is another is replaced alone",
      (kernel) => {
        const filter = [...kernel.filters.values()].find((one) => placeOf(one) === "egress/0/20");
        if (filter !== undefined) kernel.filters.set("egress/0/20", { ...filter, action: { kind: "drop" } });
      },
      /^tc filter (add|del) .* pref 20( |$)/,
    ],
    [
      "a leaf's delay that was changed is changed back, in its leaf alone",
      (kernel) => kernel.change("pgl0", { qdiscs: [{ kind: "netem", parameters: { limit: 15_000, delay: 0.5 } }] }),
      /^(tc qdisc change dev pgl0|ip link set pgl0 alias) /,
    ],
    [
      "a leaf of jitter that was changed is made new, and its hook's filters anew",
      (kernel) => kernel.change("pgl1", { qdiscs: [{ kind: "netem", parameters: { limit: 31_500, delay: 0.5, jitter: 0.001 } }] }),
      /^(tc filter (add|del) dev eth0 egress|tc qdisc add dev pgl2|ip link (add|set) pgl2|ip link del pgl1)/,
    ],
    [
      "a leaf without its alias is made new, and its hook's filters anew",
      (kernel) => kernel.change("pgl0", { fingerprint: "" }),
      /^(tc filter (add|del) dev eth0 egress|tc qdisc add dev pgl2|ip link (add|set) pgl2|ip link del pgl0)/,
    ],
    [
      "a leaf that is gone is made new, and its hook's filters anew",
      (kernel) => kernel.loseLeaf("pgl0"),
      /^(tc filter (add|del) dev eth0 egress|tc qdisc add dev pgl0|ip link (add|set) pgl0)/,
    ],
  ])("%s", (_what, harm, allowed) => {
    const kernel = new SimulatedKernel();
    const desired = desire(rules);
    reach(kernel, desired);
    harm(kernel);
    const lines = reach(kernel, desired);
    expect(lines).not.toEqual([]);
    for (const line of lines) expect(line).toMatch(allowed);
    expect(planChange(kernel.tree, desired)).toEqual([]);
  });
});
