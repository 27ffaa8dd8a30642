import { expect, it } from "vitest";
import { parseSpec, resolveSpec } from "../spec/index.ts";
import { outline } from "./outline.ts";

it("a tree is told by its filters in the order in which packets meet them, and by its leaves", () => {
  const text = `egress:
  - { name: db, to: [{ cidr: 10.0.0.0/8, ports: [5432], protocol: tcp }], except: [{ cidr: 10.1.0.0/16 }], delay: 120ms, loss: 1% }
  - { name: rest, rate: 2mbit, queue: 50ms }
ingress: [{ name: shut, from: [{ cidr: 10.2.0.0/16 }], partition: true }]
dns: emulate
`;
  const rules = resolveSpec(parseSpec({ path: "spec.yaml", text }), new Map());
  expect(outline({ rules, device: "eth0", mtu: 1_500, dialect: "flower", isLeased: true })).toEqual([
    "egress, chain 0: ip flower dst_ip 10.1.0.0/16 -> chain 1",
    "egress, chain 0: ip flower ip_proto tcp dst_ip 10.0.0.0/8 dst_port 5432 -> leaf of db",
    "egress, chain 0: ip flower -> leaf of rest",
    "egress, chain 0: ipv6 flower -> leaf of rest",
    "egress, chain 1: ip flower -> leaf of rest",
    "egress, chain 1: ipv6 flower -> leaf of rest",
    "egress, chain 1: all matchall -> continue",
    "ingress, chain 0: ip flower src_ip 10.2.0.0/16 -> drop",
    "leaf of db: netem limit 180000 delay 0.12 loss-random 0.01",
    "leaf of rest: tbf rate 250000 burst 2768 limit 12500",
  ]);
});
