import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Rules } from "../spec/emulation.ts";
import { BANKS, bankOf, type FilterChange, fill, planSwitch } from "./banks.ts";
import type { Dialect } from "./classifiers.ts";
import { layOut, type Mark } from "./layout.ts";
import { type Fate, fateOf, type SeenPacket } from "./testing/packet-model.ts";
import { MARK, packet, randomRules } from "./testing/random-rules.ts";
import { doSame, type Filter, placeOf } from "./tree.ts";

const packets = fc.array(
  packet.map((one): SeenPacket => ({ ...one, direction: "egress" })),
  { minLength: 5, maxLength: 20 },
);

interface Goal {
  readonly rules: Rules;
  readonly mark: Mark | undefined;
  /** Leaves of different emulations have different names, so that a packet's fate tells which. */
  readonly version: number;
}

const goals = (count: number, isWhole: boolean) =>
  fc
    .array(fc.tuple(randomRules({ isWhole, hasRanges: isWhole }), fc.boolean()), { minLength: count, maxLength: count })
    .map((all) =>
      all.map(([rules, isMarked], index): Goal => ({ rules, mark: isMarked && isWhole ? MARK : undefined, version: index % 2 })),
    );

const dialects = [
  ["flower", true],
  ["u32", false],
] as const;

function planTo({ rules, mark, version }: Goal, found: readonly Filter[], dialect: Dialect): readonly FilterChange[] {
  return planSwitch(found, "egress", layOut(rules, "egress", dialect, mark), (rule) => `${rule} of ${version}`);
}

/** @throws where a kernel would refuse it */
function apply(found: readonly Filter[], { verb, filter }: FilterChange): readonly Filter[] {
  const others = found.filter((other) => placeOf(other) !== placeOf(filter));
  const isThere = others.length < found.length;
  if (isThere === (verb === "add")) throw new Error(`${verb} ${placeOf(filter)}`);
  return verb === "add" ? [...others, filter] : others;
}

function fatesOf(seen: readonly SeenPacket[], filters: readonly Filter[]): readonly Fate[] {
  return seen.map((one) => fateOf(one, filters));
}

/** The fates of each packet, one after the other, without repetitions. */
function storiesOf(seen: readonly SeenPacket[], found: readonly Filter[], changes: readonly FilterChange[]): readonly (readonly Fate[])[] {
  const states = [found];
  for (const change of changes) states.push(apply(states.at(-1) ?? [], change));
  const moments = states.map((state) => fatesOf(seen, state));
  return seen.map((_, index) => moments.map((fates) => fates[index] ?? "").filter((fate, at, all) => fate !== all[at - 1]));
}

const endOf = (found: readonly Filter[], changes: readonly FilterChange[]) => changes.reduce(apply, found);
const hasClash = (goal: Goal, found: readonly Filter[], dialect: Dialect) =>
  BANKS.every((bank) => {
    const wanted = fill(bank, "egress", layOut(goal.rules, "egress", dialect, goal.mark), (rule) => `${rule} of ${goal.version}`);
    return wanted.some((filter) => found.some((other) => placeOf(other) === placeOf(filter) && !doSame(other, filter)));
  });

describe.each(dialects)("a switch from rules to others, by %s", (dialect, isWhole) => {
  it("gives each packet its old rule and then its new one, command by command, and never a third", () => {
    fc.assert(
      fc.property(goals(2, isWhole), packets, ([first, second], seen) => {
        if (first === undefined || second === undefined) return;
        const found = endOf([], planTo(first, [], dialect));
        const changes = planTo(second, found, dialect);
        const end = endOf(found, changes);
        for (const story of storiesOf(seen, found, changes)) expect(story.length).toBeLessThanOrEqual(2);
        expect(fatesOf(seen, end)).toEqual(fatesOf(seen, endOf([], planTo(second, [], dialect))));
        expect(planTo(second, end, dialect)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it("that was interrupted goes on to third rules: with what stands there by itself between, where both banks are taken", () => {
    fc.assert(
      fc.property(goals(3, isWhole), fc.double({ min: 0, max: 1, noNaN: true }), packets, ([first, second, third], share, seen) => {
        if (first === undefined || second === undefined || third === undefined) return;
        const before = endOf([], planTo(first, [], dialect));
        const half = planTo(second, before, dialect);
        const found = endOf(before, half.slice(0, Math.round(half.length * share)));
        const changes = planTo(third, found, dialect);
        const end = endOf(found, changes);
        const stories = storiesOf(seen, found, changes);
        const news = fatesOf(seen, end);
        if (!hasClash(third, found, dialect)) for (const story of stories) expect(story.length).toBeLessThanOrEqual(2);
        else {
          const [zero = [], one = []] = BANKS.map((bank) => found.filter((filter) => bankOf(filter) === bank));
          const longer = fatesOf(seen, zero.length > one.length ? zero : one);
          stories.forEach((story, index) => {
            const promised = [story[0], longer[index], news[index]].filter((fate, at, all) => fate !== all[at - 1]);
            expect([promised, [story[0], news[index]], [story[0]]]).toContainEqual(story);
          });
        }
        expect(news).toEqual(fatesOf(seen, endOf([], planTo(third, [], dialect))));
        expect(planTo(third, end, dialect)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe("a hook's filters", () => {
  const all = { family: 4, cidr: "0.0.0.0/0" } as const;
  const rule = (name: string, cidr: string) =>
    ({ name, direction: "egress", matches: [{ family: 4, cidr }], except: [], emulation: { kind: "partition" } }) as const;
  const goal = (...rules: Rules["rules"]): Goal => ({ rules: { rules, pass: [] }, mark: undefined, version: 0 });
  const one = goal(rule("a", "10.0.0.0/8"));
  const two = goal(rule("a", "10.0.0.0/8"), rule("b", all.cidr));
  const foundOne = endOf([], planTo(one, [], "flower"));
  const foundTwo = endOf([], planTo(two, [], "flower"));

  it.each([
    ["add one where a rule is added at the end", foundOne, two, ["add 1001"]],
    ["lose one where the last rule goes", foundTwo, one, ["del 1001"]],
    ["get back the one that somebody removed", foundTwo.slice(1), two, ["add 1000"]],
    [
      "go to the other bank where a rule comes before",
      foundOne,
      goal(rule("b", all.cidr), ...one.rules.rules),
      ["add 21000", "add 21001", "del 1000"],
    ],
    ["are emptied from the back", foundTwo, goal(), ["del 1001", "del 1000"]],
    ["are left alone where they are as they shall be", foundTwo, two, []],
  ])("%s", (_what, found, next, expected) => {
    expect(planTo(next, found, "flower").map(({ verb, filter }) => `${verb} ${filter.preference}`)).toEqual(expected);
  });
});
