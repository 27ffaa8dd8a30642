import { expect, it } from "vitest";
import { refuseForeign } from "./foreign.ts";

type Found = Parameters<typeof refuseForeign>[0];

const qdisc = (kind: string, dev = "eth0") => ({ kind, handle: "1:", dev });
const filter = (preference: number, chain = 0) => ({
  filter: undefined,
  hook: "egress" as const,
  preference,
  chain,
  kind: "bpf",
  packets: undefined,
});
const FINE = ["noqueue", "mq", "pfifo_fast", "fq_codel", "fq", "clsact"].map((kind) => qdisc(kind));

it.each([
  ["queueing disciplines that slow nothing", FINE, []],
  ["what shapes another device", [qdisc("tbf", "pgl0"), qdisc("ingress", "eth1")], []],
  [
    "filters of others elsewhere",
    FINE,
    [filter(1), filter(9), filter(999), filter(49_152), filter(64_999), filter(10, 5), filter(1, 3_000)],
  ],
])("lets be %s", (_what, qdiscs, counted) => {
  expect(() => refuseForeign({ qdiscs, counted }, "eth0")).not.toThrow();
});

it.each<readonly [string, Found["qdiscs"], Found["counted"], RegExp]>([
  ["an ingress qdisc", [qdisc("ingress")], [], /has an ingress qdisc \(1:\).*tc qdisc del dev eth0 ingress/],
  ["the bandwidth plugin's bucket", [qdisc("tbf")], [], /has a tbf qdisc/],
  ["another netem", [qdisc("netem")], [], /has a netem qdisc/],
  ...[10, 24, 1_000, 20_999, 21_000, 40_999, 65_000].map(
    (at) => [`a filter at ${at}`, FINE, [filter(at)], /has a bpf filter on egress/] as const,
  ),
  ["a filter in a chain of ours", FINE, [filter(1, 2_001)], /chain 2001, preference 1,/],
])("refuses %s by name", (_what, qdiscs, counted, message) => {
  expect(() => refuseForeign({ qdiscs, counted }, "eth0")).toThrow(message);
});
