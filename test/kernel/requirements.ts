import { execFileSync } from "node:child_process";
import { needsPtraceShim } from "./boot/ptrace-shim.ts";

type Program = readonly [name: string, source: string];

const PROGRAMS: readonly Program[] = [
  ["linux.uml", "Debian's package user-mode-linux"],
  ["modprobe", "Debian's package kmod"],
  ["ip", "Debian's package iproute2"],
  ["ipset", "Debian's package ipset"],
  ["iptables-legacy", "Debian's package iptables"],
  ["ping", "Debian's package iputils-ping"],
  ["iperf3", "Debian's package iperf3"],
];

const COMPILER: Program = ["gcc", "Debian's packages gcc and libc6-dev, for a CPU that has AMX"];

/** What a kernel with network emulation needs and this machine lacks, a line each, with how to get it. */
export function findMissing(): readonly string[] {
  const system = process.platform === "linux" && process.arch === "x64" ? [] : ["Linux on x86-64, where user-mode Linux runs"];
  if (system.length > 0) return system;
  const programs = needsPtraceShim() ? [...PROGRAMS, COMPILER] : PROGRAMS;
  return programs.filter(([program]) => !isInstalled(program)).map(([program, source]) => `${program}: ${source}`);
}

function isInstalled(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
