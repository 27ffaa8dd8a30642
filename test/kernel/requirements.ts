import { findMissingPrograms, type Program } from "../machine/programs.ts";
import { needsPtraceShim } from "./boot/ptrace-shim.ts";

const PROGRAMS: readonly Program[] = [
  ["linux.uml", "Debian's package user-mode-linux"],
  ["modprobe", "Debian's package kmod"],
  ["ip", "Debian's package iproute2"],
  ["ipset", "Debian's package ipset"],
  ["iptables-legacy", "Debian's package iptables"],
  ["ping", "Debian's package iputils-ping"],
  ["iperf3", "Debian's package iperf3"],
  ["tcpdump", "Debian's package tcpdump"],
  ["containerd", "Debian's package containerd"],
  ["runc", "Debian's package runc"],
];

const COMPILER: Program = ["gcc", "Debian's packages gcc and libc6-dev, for a CPU that has AMX"];

/** What a kernel with network emulation needs and this machine lacks, a line each, with how to get it. */
export function findMissing(): readonly string[] {
  if (process.platform !== "linux" || process.arch !== "x64") return ["Linux on x86-64, on which user-mode Linux runs"];
  return findMissingPrograms(needsPtraceShim() ? [...PROGRAMS, COMPILER] : PROGRAMS);
}
