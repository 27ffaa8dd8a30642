import { expect, it } from "vitest";
import { parseSpec } from "../document/parse-spec.ts";
import { firstRule } from "./first-rule.ts";
import type { Packet } from "./packet.ts";
import { resolveSpec } from "./resolve-spec.ts";

const SPEC = `
egress:
  - { name: rest, priority: -1, loss: 1% }
  - { name: database, to: [{ cidr: 10.0.0.0/8, ports: [5432], protocol: tcp }], except: [{ cidr: 10.1.0.0/16 }], loss: 1% }
  - { name: exception, to: [{ cidr: 10.1.0.0/16 }], loss: 1% }
ingress:
  - { name: server, from: [{ localPorts: [8080-8081] }], loss: 1% }
  - { name: ping, from: [{ cidr: "2001:db8::/32", protocol: icmp }], loss: 1% }
pass:
  probes: [{ cidr: 10.0.0.1, localPorts: [8080] }]
`;
const rules = resolveSpec(parseSpec({ path: "s.yaml", text: SPEC }), new Map());
const base = { direction: "egress", family: 4, address: "10.0.0.9", protocol: "tcp", port: 5432, localPort: 40_000 } as const;

it.each<[string, Partial<Packet>, string | undefined]>([
  ["the rule that matches it", {}, "database"],
  ["the next rule, where the first excepts it", { address: "10.1.0.1" }, "exception"],
  ["the rule for everybody else", { address: "192.0.2.1" }, "rest"],
  ["the rule for everybody else by another port", { port: 5433 }, "rest"],
  ["the rule for everybody else by another protocol", { protocol: "udp" }, "rest"],
  ["the rule for everybody else by its family", { family: 6, address: "2001:db8::1" }, "rest"],
  ["no rule, as DNS passes", { protocol: "udp", port: 53 }, undefined],
  ["no rule, as a probe's answer passes", { address: "10.0.0.1", localPort: 8080, port: 40_000 }, undefined],
  ["no rule, as a probe passes", { direction: "ingress", address: "10.0.0.1", localPort: 8080 }, undefined],
  ["the rule of its direction, by this end's port", { direction: "ingress", localPort: 8081 }, "server"],
  ["no rule, where none matches", { direction: "ingress", localPort: 8082 }, undefined],
])("a packet obeys %s", (_what, packet, expected) => {
  expect(firstRule(rules, { ...base, ...packet })?.name).toBe(expected);
});

it("a packet without ports obeys no rule for ports", () => {
  const ping: Packet = { direction: "ingress", family: 6, address: "2001:db8::1", protocol: "icmp" };
  expect(firstRule(rules, ping)?.name).toBe("ping");
  expect(firstRule(rules, { ...ping, address: "2001:db9::1" })).toBeUndefined();
});
