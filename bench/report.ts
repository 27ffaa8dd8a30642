import { styleText } from "node:util";
import type { EmulationFigures } from "./emulation/measure.ts";
import type { GenerationFigures } from "./generation/measure.ts";
import type { MemoryFigures } from "./memory/measure.ts";
import { percent } from "./percent.ts";
import type { PropagationFigures } from "./propagation/measure.ts";
import type { SidecarCpuFigures } from "./sidecars/cpu.ts";
import type { SidecarMemoryFigures } from "./sidecars/memory.ts";
import type { StartupFigures } from "./startup/measure.ts";

/** Each of these prints the figures of one measurement for people to read. */

export function printPropagation({ node, rounds, isPinned, arms, verdicts }: PropagationFigures): void {
  const cpus = isPinned ? "a CPU of its own" : "CPUs shared with the bench";
  title(`CPU time of a service for one request: Express 5 (Node ${node}, ${rounds} processes an arm, ${cpus})`);
  let load = "";
  for (const { name, what, calls, isNamed, cpuMicroseconds, overBare, overBareBefore } of arms) {
    const heading = `${calls} outbound call${calls === 1 ? "" : "s"}, header ${isNamed ? "present" : "absent"}`;
    if (heading !== load) console.log(`\n  ${heading}`);
    load = heading;
    const bounds = `(95 %: ${percent(overBare.lower)} to ${percent(overBare.upper)})`;
    const over = `${percent(overBare.median).padStart(8)} ${bounds}`;
    const before = `warming up ${percent(overBareBefore.median)}`;
    console.log(`    ${name.padEnd(15)} ${cpuMicroseconds.toFixed(1).padStart(8)} us  ${over.padEnd(40)} ${before.padEnd(20)} ${what}`);
    const last = arms.findLast((arm) => arm.calls === calls && arm.isNamed === isNamed);
    if (last?.name !== name) continue;
    for (const verdict of verdicts.filter((each) => each.calls === calls && each.isNamed === isNamed)) {
      console.log(`      ${verdict.holds ? "yes" : "NO "}  ${verdict.claim} (${verdict.because})`);
    }
  }
}

export function printGeneration(sizes: readonly GenerationFigures[]): void {
  title("From a mesh file to Istio's YAML, and to the table of one sidecar that sees every service");
  for (const { services, virtualClusters, members, files, routes, peakMegabytes, ...times } of sizes) {
    const [parse, generate, compile] = [times.parseMs, times.generateMs, times.compileMs].map((ms) => `${ms.toFixed(0)} ms`);
    const took = `read in ${parse}, generated in ${generate}, ${routes} routes compiled in ${compile}, ${peakMegabytes.toFixed(0)} MB at most`;
    console.log(`  ${services} services, ${virtualClusters} virtual clusters, ${members} members: ${files} files; ${took}`);
  }
}

export function printSidecarMemory({ services, sizes }: SidecarMemoryFigures): void {
  title(`Memory of a sidecar that sees ${services} services, with a pod each and for each member`);
  for (const { members, predicted, megabytes, off, holds } of sizes) {
    const held = `${predicted.clusters} clusters, ${predicted.endpoints} endpoints, ${predicted.routes} routes`;
    const said = `predicted ${predicted.megabytes.toFixed(1)} MB (${percent(off)}; within 20 %: ${holds ? "yes" : "NO"})`;
    console.log(`  ${`${members}`.padStart(6)} members: ${megabytes.toFixed(1).padStart(6)} MB allocated, ${said}  ${held}`);
  }
}

export function printSidecarCpu({ members, rounds, arms }: SidecarCpuFigures): void {
  title(`CPU time of a sidecar for one request (${members.toLocaleString("en")} members of one service, ${rounds} rounds, one Envoy)`);
  for (const { name, what, cpuMicroseconds, overBare, bar, holds } of arms) {
    const over = `${percent(overBare.median).padStart(8)} (95 %: ${percent(overBare.lower)} to ${percent(overBare.upper)})`;
    const verdict = bar === undefined ? "" : `; at most ${percent(bar)}: ${holds === true ? "yes" : "NO"}`;
    console.log(`  ${name.padEnd(15)} ${cpuMicroseconds.toFixed(1).padStart(8)} us  ${over}  ${what}${verdict}`);
  }
}

export function printEmulation({ sizes }: EmulationFigures): void {
  title("From a changed spec to the changed kernel, in all network namespaces at once, on this machine's kernel");
  for (const { namespaces, rules, rounds, firstMs, arms, grownBytes, toolsBytes, processes } of sizes) {
    const memory = `${megabytes(grownBytes)} more resident memory, and ${megabytes(toolsBytes)} in ${processes} resident tools`;
    console.log(
      `\n  ${namespaces} namespace${namespaces === 1 ? "" : "s"} of ${rules} rule${rules === 1 ? "" : "s"} (${rounds} rounds): ${firstMs.toFixed(0)} ms the first time; ${memory}`,
    );
    for (const { name, what, p50, p95, overTc, bar, holds } of arms) {
      const times = `p50 ${p50.toFixed(1).padStart(7)} ms, p95 ${p95.toFixed(1).padStart(7)} ms`;
      const over = `${overTc.median.toFixed(2).padStart(6)} times tc (95 %: ${overTc.lower.toFixed(2)} to ${overTc.upper.toFixed(2)})`;
      const verdict = bar === undefined ? "" : `; p50 under ${bar} ms: ${holds === true ? "yes" : "NO"}`;
      console.log(`    ${name.padEnd(9)} ${times}  ${over.padEnd(40)} ${what}${verdict}`);
    }
  }
}

export function printMemory({ node, heapBytes, grownBytes, barBytes }: MemoryFigures): void {
  title(`Heap after collection of a service that meets each name, host and baggage once (Node ${node})`);
  for (const { distinct, bytes } of heapBytes) console.log(`  ${distinct.toLocaleString("en").padStart(9)} of each: ${megabytes(bytes)}`);
  console.log(`  grown by ${megabytes(grownBytes)}; at most ${megabytes(barBytes)}: ${grownBytes <= barBytes ? "yes" : "NO"}`);
}

export function printStartup({ node, processes, starts, installed }: StartupFigures): void {
  title(`A process from start to end (Node ${node}, ${processes} of each)`);
  for (const { name, reference, milliseconds, fastest, over } of starts) {
    const bounds = `(95 %: ${signed(over.lower)} to ${signed(over.upper)})`;
    const difference = name === reference ? "" : `${signed(over.median)} ms over ${reference} ${bounds}`;
    console.log(
      `  ${name.padEnd(18)} ${milliseconds.toFixed(1).padStart(6)} ms, at best ${fastest.toFixed(1).padStart(6)} ms  ${difference}`,
    );
  }
  const { files, packedBytes, unpackedBytes, dependencies } = installed;
  console.log(`  installed: ${files} files, ${kilobytes(unpackedBytes)} (${kilobytes(packedBytes)} packed), ${dependencies} dependencies`);
}

function title(text: string): void {
  console.log(styleText("bold", text));
}

function signed(value: number): string {
  return `${value >= 0 ? "+" : ""}${value.toFixed(1)}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MB`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`;
}
