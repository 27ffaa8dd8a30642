import { describe, expect, it } from "vitest";
import { parseSpec } from "../document/parse-spec.ts";
import { resolveSpec } from "../rules/resolve-spec.ts";
import { warnOf } from "./warn-of.ts";

/** The warnings of one code, without the rule `egress[0]`'s name. */
function warningsOf(code: string, text: string): string[] {
  const warnings = warnOf(resolveSpec(parseSpec({ path: "s.yaml", text }), new Map()));
  return warnings.filter((warning) => warning.code === code).map(({ message }) => message.replace("rule 'egress[0]': ", ""));
}

describe("warnOf tells of packets that overtake each other", () => {
  const share = (percentage: string) =>
    `a jitter of 20 ms lets packets overtake each other: of two sent back to back about half, of two sent 1 ms apart about ${percentage} %; add a rate to keep them in order`;
  it.each<[string, string, string[]]>([
    ["evenly spread jitter", "delay: 120ms, jitter: 20ms", [share("47.5")]],
    ["normal jitter", "delay: 120ms, jitter: 20ms, distribution: normal", [share("48.6")]],
    ["jitter with a rate, which keeps the order", "delay: 120ms, jitter: 20ms, rate: 2mbit", []],
    ["no jitter", "delay: 120ms", []],
  ])("%s", (_what, fields, expected) => {
    expect(warningsOf("jitter-reorders", `egress: [{ ${fields} }]`)).toEqual(expected);
  });

  it("but not of packets farther apart than the jitter can bring together", () => {
    const [message] = warningsOf("jitter-reorders", "egress: [{ delay: 1ms, jitter: 0.4ms }]");
    expect(message).toContain("of two sent 1 ms apart about 0 %");
  });
});

it("warnOf tells of correlated delays, which netem does not make", () => {
  const told = ["a correlation of 90 % is told to netem, whose delays show next to nothing of it"];
  expect(warningsOf("delay-correlation", "egress: [{ delay: 60ms, jitter: 25ms, correlation: 90% }]")).toEqual(told);
  expect(warningsOf("delay-correlation", "egress: [{ delay: 60ms, jitter: 25ms }]")).toEqual([]);
});

it("warnOf tells of addresses that no packet of the device has", () => {
  const rule = (cidr: string) => `egress: [{ to: [{ cidr: ${cidr} }, { cidr: 10.0.0.1 }], delay: 1ms }]`;
  const told = (cidr: string) => [`packets of ${cidr} stay on the device lo, and never meet the rule`];
  expect(warningsOf("loopback", rule("127.0.0.1"))).toEqual(told("127.0.0.1/32"));
  expect(warningsOf("loopback", rule("::1"))).toEqual(told("::1/128"));
  expect(warningsOf("loopback", rule("0.0.0.0/0"))).toEqual([]);
});

describe("warnOf tells of queues", () => {
  it.each<[string, string, string, string[]]>([
    [
      "where none is given",
      "queue-overflow",
      "rate: 100mbit",
      [
        "no queue is given, and the default of 50 ms holds 625 kB at 100 Mbit/s, 412 packets of 1514 bytes: what comes faster for longer than that is dropped",
      ],
    ],
    [
      "that hold less than TCP begins with",
      "queue-overflow",
      "rate: 2mbit, queue: 50ms",
      [
        "its queue of 50 ms holds 12.5 kB at 2 Mbit/s, 8 packets of 1514 bytes: TCP sends 10 at once when it begins, and loses the rest; a queue of 60.6 ms holds them",
      ],
    ],
    [
      "that hold hardly anything",
      "tiny-queue",
      "rate: 2mbit, queue: 5ms",
      [
        "its queue of 5 ms holds 1.25 kB at 2 Mbit/s, not one packet of 1514 bytes: it drops most of what does not come evenly; a queue of 60.6 ms holds what TCP sends at once",
      ],
    ],
    ["not of those that are given and have room", "queue-overflow", "rate: 2mbit, queue: 61ms", []],
    ["not where there is no rate", "queue-overflow", "delay: 1ms", []],
  ])("%s", (_what, code, fields, expected) => {
    expect(warningsOf(code, `egress: [{ ${fields} }]`)).toEqual(expected);
  });
});

describe("warnOf tells how long handshakes take", () => {
  it.each<[string, string, string[]]>([
    [
      "by the delay of one direction",
      "egress: [{ delay: 120ms }]",
      ["every round trip takes 120 ms longer, so a TCP handshake does, and with TLS 1.3 two of them"],
    ],
    [
      "by those of both, once for the pair",
      "egress: [{ delay: 120ms }]\ningress: [{ name: back, delay: 80ms, from: [{ cidr: 10.0.0.0/8 }] }]",
      [
        "every round trip takes 200 ms longer (120 ms, and 80 ms back by rule 'back'), so a TCP handshake does, and with TLS 1.3 two of them",
      ],
    ],
    [
      "not by those for other peers",
      "egress: [{ delay: 120ms, to: [{ cidr: 10.0.0.0/8 }] }]\ningress: [{ delay: 80ms, from: [{ cidr: 192.0.2.0/24 }] }]",
      [
        "every round trip takes 120 ms longer, so a TCP handshake does, and with TLS 1.3 two of them",
        "rule 'ingress[0]': every round trip takes 80 ms longer, so a TCP handshake does, and with TLS 1.3 two of them",
      ],
    ],
    [
      "by loss and by TCP's own timeout too",
      "egress: [{ delay: 2s, loss: 1%, corrupt: 1% }]",
      [
        "every round trip takes 2 s longer, so a TCP handshake does, and with TLS 1.3 two of them; TCP sends its first packet again after 1 s, before an answer can come; 1.99 % of handshakes lose a packet and take 1 s more",
      ],
    ],
    ["not for what is no TCP", "egress: [{ delay: 120ms, to: [{ protocol: udp }] }]", []],
    ["not for partitions", "egress: [{ partition: true }]", []],
  ])("%s", (_what, text, expected) => {
    expect(warningsOf("handshake-time", text)).toEqual(expected);
  });
});

describe("warnOf tells what TCP will carry", () => {
  it.each<[string, string, string[]]>([
    [
      "by loss and delay",
      "delay: 100ms, loss: 1%",
      [
        "expect a TCP connection to carry about 1.42 Mbit/s: an estimate by the formula of Mathis for 1 % of loss and a round trip of 100 ms",
      ],
    ],
    [
      "by loss and delay where they allow less than the rate",
      "delay: 100ms, loss: 1%, rate: 10mbit",
      [
        "expect a TCP connection to carry about 1.42 Mbit/s, less than the rate allows (9.56 Mbit/s): an estimate by the formula of Mathis for 1 % of loss and a round trip of 100 ms",
      ],
    ],
    [
      "by the rate where it allows less",
      "delay: 100ms, loss: 1%, rate: 1mbit",
      ["expect TCP connections to carry about 956 kbit/s together: the rate counts headers too"],
    ],
    ["by timeouts", "loss: 30%", ["at 30 % of loss TCP waits for timeouts most of the time: expect a few packets a second"]],
    ["as nothing", "loss: 100%", ["every packet is lost, as with 'partition: true'"]],
    ["not by loss alone, which says nothing without the real delay", "loss: 1%", []],
    ["not by delay alone", "delay: 1ms", []],
  ])("%s", (_what, fields, expected) => {
    expect(warningsOf("throughput", `egress: [{ ${fields} }]`)).toEqual(expected);
  });
});

describe("warnOf tells what becomes of DNS, where it is emulated", () => {
  it.each<[string, string, string[]]>([
    [
      "by loss both ways",
      "dns: emulate\negress: [{ loss: 10% }]\ningress: [{ loss: 10% }]",
      [
        "DNS is emulated: 19 % of lookups wait 5 s for an answer that was lost, and 3.61 % fail",
        "rule 'ingress[0]': DNS is emulated: 19 % of lookups wait 5 s for an answer that was lost, and 3.61 % fail",
      ],
    ],
    [
      "by delay",
      "dns: emulate\negress: [{ delay: 1500ms }]",
      ["DNS is emulated: names from outside the cluster, each the 4th that a pod asks for, take 6 s longer"],
    ],
    [
      "by more delay than resolvers wait",
      "dns: emulate\negress: [{ delay: 6s }]",
      ["DNS is emulated: answers take 6 s, and resolvers wait 5 s: no name resolves"],
    ],
    ["by a partition", "dns: emulate\negress: [{ partition: true }]", ["DNS is emulated: no name resolves that is asked for over it"]],
    ["not where it passes", "egress: [{ loss: 10% }]", []],
    ["not by rules for other ports", "dns: emulate\negress: [{ loss: 10%, to: [{ ports: [80] }] }]", []],
    ["not by a little delay", "dns: emulate\negress: [{ delay: 100ms }]", []],
  ])("%s", (_what, text, expected) => {
    expect(warningsOf("dns", text)).toEqual(expected);
  });
});

it("warnOf tells of lost answers of DNS at the rule that loses them, and not at that of the way back", () => {
  const text = "egress: [{ loss: 2% }]\ningress: [{ rate: 100mbit, queue: 50ms }]\ndns: emulate\n";
  const warnings = warnOf(resolveSpec(parseSpec({ path: "s.yaml", text }), new Map()));
  expect(warnings.filter(({ code }) => code === "dns").map(({ rule }) => rule)).toEqual(["egress[0]"]);
});
