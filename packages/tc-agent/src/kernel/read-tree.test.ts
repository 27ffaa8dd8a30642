import { expect, it } from "vitest";
import { addressOf, aliasOf } from "../tree/ownership.ts";
import type { NamespaceShell } from "./namespace-shell.ts";
import { readTree } from "./read-tree.ts";

const FINGERPRINT = "0123456789abcdef";

let lastIndex = 0;
function link(ifname: string, kind: string, more: object = {}) {
  lastIndex += 1;
  return { ifindex: lastIndex, ifname, mtu: 1500, flags: ["UP"], linkinfo: { info_kind: kind }, ...more };
}

const LINKS = [
  link("eth0", "veth"),
  link("net1", "veth"),
  link("pgl0", "ifb", { ifalias: aliasOf("eth0", FINGERPRINT) }),
  link("pgl1", "ifb", { ifalias: aliasOf("net1", FINGERPRINT) }),
  link("pgl2", "ifb", { address: addressOf("eth0") }),
  link("pgl3", "ifb", { address: "ea:d2:7a:27:18:45" }),
  link("pgl4", "dummy", { ifalias: aliasOf("eth0", FINGERPRINT), address: addressOf("eth0") }),
];

const shell: Pick<NamespaceShell, "show" | "showAll"> = {
  show: async () => LINKS,
  showAll: async () => [[], [], []],
};

it.each([
  ["eth0", ["pgl0", "pgl2"]],
  ["net1", ["pgl1"]],
])("the leaves of %s are those that were made for it", async (device, names) => {
  const found = await readTree(shell as NamespaceShell, device);
  expect(found?.leaves.map(({ name }) => name)).toEqual(names);
  expect([...(found?.links ?? [])]).toEqual(LINKS.map(({ ifname }) => ifname));
});
