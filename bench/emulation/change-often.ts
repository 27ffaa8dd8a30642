/** Run as a process of its own, so that its memory is that of its size: changes many namespaces at once, again and again, and tells its parent how long that took. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { Engine, probeFeatures, type Rule, type Rules } from "@puggle/tc-agent";
import { makeManyNamespaces } from "../../test/kernel/host/many-namespaces.ts";
import { mulberry32, shuffle } from "../statistics.ts";
import { ARMS, type Arm, type Size, type Timed } from "./arms.ts";

const run = promisify(execFile);
/** The device on which a bare `tc` makes the same change. */
const CONTROL = "control0";
const FAST = 1e9;

/** Each of another network, and all of the same rate but the first. */
function rulesFor(count: number, rate: number, isLonger: boolean): Rules {
  const rule = (name: string, cidr: string, bits: number): Rule => ({
    name,
    direction: "egress",
    matches: [{ family: 4, cidr }],
    except: [],
    emulation: { kind: "degradation", delayUs: 0, jitterUs: 0, delayCorrelation: 0, rate: bits, queueUs: 100_000 },
  });
  const all = Array.from({ length: count }, (_, index) =>
    rule(`rule-${index}`, `10.${index >> 8}.${index & 255}.0/24`, index === 0 ? rate : FAST),
  );
  return { rules: isLonger ? [rule("first", "192.0.2.0/24", FAST), ...all] : all, pass: [] };
}

async function changeOften({ namespaces, rules, rounds }: Size): Promise<Timed> {
  const features = await probeFeatures();
  const made = await makeManyNamespaces(namespaces);
  try {
    const names = made.namespaces.map(({ path }) => path.slice("/run/netns/".length));
    const control = (verb: "add" | "change", mbit: number) => ["qdisc", verb, "dev", CONTROL, "root", "handle", "1:", ...bucket(mbit)];
    for (const name of names) {
      await run("ip", ["-n", name, "link", "add", CONTROL, "type", "ifb"]);
      await run("tc", ["-n", name, ...control("add", 500)]);
    }
    const before = process.memoryUsage.rss();
    const engines = made.namespaces.map((namespace) => new Engine({ namespace, features, leaseSeconds: undefined }));
    const applyAll = (wanted: Rules) => Promise.all(engines.map((engine) => engine.apply(wanted)));
    const state = { rate: FAST, isLonger: false, mbit: 500 };
    const current = () => rulesFor(rules, state.rate, state.isLonger);
    const bare = () => {
      state.mbit = state.mbit === 500 ? 600 : 500;
      return Promise.all(names.map((name) => run("tc", ["-n", name, ...control("change", state.mbit)])));
    };
    const arms: Readonly<Record<Arm, () => Promise<unknown>>> = {
      nothing: () => applyAll(current()),
      rate: () => {
        state.rate = state.rate === FAST ? FAST / 2 : FAST;
        return applyAll(current());
      },
      rule: () => {
        state.isLonger = !state.isLonger;
        return applyAll(current());
      },
      tc: bare,
      "tc-again": bare,
    };
    const beganFirst = performance.now();
    await applyAll(current());
    const first = performance.now() - beganFirst;
    const milliseconds: Record<Arm, number[]> = { nothing: [], rate: [], rule: [], tc: [], "tc-again": [] };
    const random = mulberry32(rounds);
    // In the first round code is read and compiled.
    for (let round = 0; round <= rounds; round += 1) {
      for (const arm of shuffle(ARMS, random)) {
        const began = performance.now();
        await arms[arm]();
        if (round > 0) milliseconds[arm].push(performance.now() - began);
        await Promise.all(engines.map((engine) => engine.settled()));
      }
    }
    const memory = { before, own: process.memoryUsage.rss(), ...memoryOfTools() };
    await Promise.all(engines.map((engine) => engine.close()));
    return { milliseconds, first, ...memory };
  } finally {
    await made.remove();
  }
}

function bucket(mbit: number): readonly string[] {
  return ["tbf", "rate", `${mbit}mbit`, "burst", "125000b", "limit", "12625000b"];
}

function memoryOfTools(): Pick<Timed, "tools" | "processes"> {
  const pids = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ");
  const tools = pids.filter((pid) => /^(tc|ip|ipset)$/.test(readFileSync(`/proc/${pid}/comm`, "utf8").trim()));
  const kilobytes = tools.map((pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]));
  return { tools: kilobytes.reduce((sum, one) => sum + one * 1024, 0), processes: tools.length };
}

process.on("message", (size: Size) => {
  void changeOften(size).then((timed) => process.send?.(timed, () => process.disconnect()));
});
