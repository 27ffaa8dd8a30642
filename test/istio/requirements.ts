import { findMissingPrograms, type Program } from "../machine/programs.ts";

const PROGRAMS: readonly Program[] = [
  ["go", "Go 1.26 or later, from https://go.dev/dl, which builds the API server and istiod"],
  ["etcd", "Debian's package etcd-server"],
];

const PROGRAMS_OF_NODES: readonly Program[] = [
  ["ip", "Debian's package iproute2"],
  ["iptables-nft-restore", "Debian's package iptables"],
  ["setpriv", "Debian's package util-linux"],
  ["openssl", "Debian's package openssl"],
  ["curl", "Debian's package curl"],
];

/** What the test cluster needs and this machine lacks, a line each, with how to get it. */
export function findMissing(): readonly string[] {
  const system = process.platform === "linux" ? [] : ["Linux, whose /proc tells which processes are left"];
  return [...system, ...findMissingPrograms(PROGRAMS)];
}

/** What a node that runs pods needs beside that. */
export function findMissingForNode(): readonly string[] {
  const user = process.getuid?.() === 0 ? [] : ["root, who may make network namespaces"];
  return [...user, ...findMissingPrograms(PROGRAMS_OF_NODES)];
}
