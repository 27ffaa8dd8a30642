import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSpec } from "./parse-spec.ts";
import { SpecError } from "./spec-problem.ts";

function errorOf(text: string): SpecError | undefined {
  try {
    parseSpec({ path: "s.yaml", text });
  } catch (error) {
    if (error instanceof SpecError) return error;
    throw error;
  }
  return undefined;
}

/** What is printed for a text, one problem a line. */
function refusalOf(text: string): string[] {
  return errorOf(text)?.message.split("\n") ?? [];
}

/** What is printed for a rule that stands in the second line, without where and in which rule. */
function refusalOfRule(fields: string): string[] {
  return refusalOf(`egress:\n- { ${fields} }\n`).map((line) => line.replace(/^s\.yaml:2:(\d+): rule 'egress\[0\]': /, "$1: "));
}

describe("a text that is no spec is refused", () => {
  it.each<[string, string, string[]]>([
    ["nothing", "", ["s.yaml:1:1: the file is empty; write at least 'egress: []', which emulates nothing"]],
    ["a list", "[]", ["s.yaml:1:1: a network emulation must be a map, not a list; write it as in 'egress: [{ delay: 120ms }]'"]],
    [
      "two documents",
      "egress: []\n---\ndns: pass\n",
      ["s.yaml:3:1: the file holds 2 documents, and one namespace obeys one; write all rules into one"],
    ],
    [
      "a whole resource",
      "kind: NetworkEmulation\n",
      ["s.yaml:1:1: unknown key 'kind' in a network emulation; it has egress, ingress, pass, dns"],
    ],
    ["a misspelt direction", "engress: []\n", ["s.yaml:1:1: unknown key 'engress' in a network emulation; did you mean 'egress'?"]],
    [
      "a map for a list",
      "egress: { delay: 1s }\n",
      ["s.yaml:1:9: 'egress' must be a list, not a map; write it as in 'egress: [{ delay: 120ms }]'"],
    ],
    ["an unknown word", "dns: emulated\n", ["s.yaml:1:6: 'dns' can not be \"emulated\"; did you mean 'emulate'? (one of pass, emulate)"]],
    [
      "a list of probes in the wrong place",
      "pass: [{ cidr: 10.0.0.1 }]\n",
      ["s.yaml:1:7: 'pass' must be a map, not a list; write it as in 'pass: { probes: [{ cidr: 10.0.0.1 }] }'"],
    ],
    [
      "a probe of nobody",
      "pass: { probes: [{}] }\n",
      [
        "s.yaml:1:18: a peer says nothing of whom it means; add one of cidr, host, protocol, ports, localPorts; everybody is meant where the whole list is left out",
      ],
    ],
    [
      "broken YAML",
      "egress: [\n",
      [
        "s.yaml:2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]; close the bracket before it, or line it up with its neighbours",
      ],
    ],
  ])("%s", (_what, text, expected) => {
    expect(refusalOf(text)).toEqual(expected);
  });
});

describe("a rule is refused", () => {
  const WRONG = "must be a duration such as 120ms; write a number and a unit: ms, us, s";
  it.each<[string, string[]]>([
    ["delay: 120", ["12: 'delay' is the number 120, but has no unit; write 120ms or 120us or 120s"]],
    ["delay: -5ms", ["12: 'delay' is \"-5ms\", but must not be negative; write 5ms"]],
    ["delay: -5", ["12: 'delay' is the number -5, but must not be negative; write 5ms"]],
    ["delay: fast", [`12: 'delay' is "fast", but ${WRONG}`]],
    ['delay: "5ms\\nqdisc del dev eth0 root"', [`12: 'delay' is "5ms\\nqdisc del dev eth0 root", but ${WRONG}`]],
    ["delay: true", ["12: 'delay' must be a duration such as 120ms, not true; write it as in 'delay: 120ms'"]],
    ["delay: { ms: 5 }", ["12: 'delay' must be a duration such as 120ms, not a map; write it as in 'delay: 120ms'"]],
    ["delay: ", ["5: 'delay' must be a duration such as 120ms, not nothing; give it a value, or remove the key"]],
    ["delay: 5000s", ["12: 'delay' is \"5000s\", but is longer than netem can tell; write at most 4294s"]],
    ["delay: .inf", [`12: 'delay' is the number Infinity, but ${WRONG}`]],
    ["loss: 200%", ["11: 'loss' is \"200%\", but is more than everything; write at most 100%"]],
    ["loss: 0.1", ["11: 'loss' is the number 0.1, but has no unit; write 0.1%"]],
    ["loss: [1%]", ["11: 'loss' must be a percentage such as 1%, or a map, not a list; write it as in 'loss: 1%'"]],
    ["loss: {}", ["11: a loss has none of 'probability', 'gemodel' and 'state'; add 'probability', 'gemodel' or 'state'"]],
    ["dealy: 1ms", ["5: unknown key 'dealy' in an egress rule; did you mean 'delay'?"]],
    ["loss: { probabilty: 1% }", ["13: unknown key 'probabilty' in a loss; did you mean 'probability'?"]],
    ["loss: { probability: 1%, gemodel: { p: 1% } }", ["39: a loss can not follow 'probability' and 'gemodel' at once; keep one of them"]],
    [
      "loss: { state: { p13: 1% }, correlation: 5% }",
      ["46: 'correlation' belongs to 'probability', and 'state' says by itself how losses follow each other; remove it"],
    ],
    ["loss: { gemodel: {} }", ["22: a Gilbert-Elliott model has no 'p'; add it"]],
    ["loss: { gemodel: { p: 1%, q: 1% } }", ["31: unknown key 'q' in a Gilbert-Elliott model; it has p, r, lostWhenBad, lostWhenGood"]],
    ["loss: { state: { p13: 60%, p14: 50% } }", ["27: 'p13' and 'p14' make more than 100%; lower one of them"]],
    [
      "loss: { state: { p13: 10%, p32: 20% } }",
      ["37: 'p31' (100% - p13 where left out) and 'p32' make more than 100%; lower one of them, or write 'p31'"],
    ],
    ["duplicate: { correlation: 1% }", ["16: a chance has no 'probability'; add it"]],
    ["corrupt: 101%", ["14: 'corrupt' is \"101%\", but is more than everything; write at most 100%"]],
    ["jitter: 5ms", ["13: 'jitter' varies the delay, and there is none; add 'delay', or remove 'jitter'"]],
    ["delay: 0ms, jitter: 5ms", ["25: 'jitter' varies the delay, and there is none; make 'delay' more than 0, or remove 'jitter'"]],
    ["delay: 9s, jitter: 3s", ["24: 'jitter' is 3s, more than netem can tell; write at most 2147ms"]],
    ["delay: 5ms, jitter: 0.1s", ["25: 'jitter' is 0.1s, more than the delay of 5ms; write at most 5ms, or raise the delay"]],
    [
      "delay: 5ms, distribution: normal",
      ["31: 'distribution' is that of the jitter, and there is none; add 'jitter', or remove 'distribution'"],
    ],
    ["delay: 5ms, correlation: 5%", ["30: 'correlation' is that of the jitter, and there is none; add 'jitter', or remove 'correlation'"]],
    [
      "delay: 5ms, jitter: 1ms, distribution: gauss",
      ["44: 'distribution' can not be \"gauss\"; use one of uniform, normal, pareto, paretonormal"],
    ],
    ["reorder: 25%", ["14: 'reorder' lets packets overtake those that are delayed, and there is none; add 'delay', or remove 'reorder'"]],
    ["delay: 1ms, reorder: { gap: 5 }", ["26: a reordering has no 'probability'; add it"]],
    ["delay: 1ms, reorder: { probability: 1%, gap: 0 }", ["50: 'gap' must be at least 1, not 0; write it as in 'gap: 5'"]],
    ["queue: 5ms", ["12: 'queue' is where packets wait for the rate, and there is none; add 'rate', or remove 'queue'"]],
    [
      "rate: 2mbps",
      [
        "11: 'rate' is \"2mbps\", but could be bits or bytes: tc reads 'bps' as bytes a second; write 2mbit if bits are meant, 16mbit if bytes",
      ],
    ],
    ["rate: 0mbit", ["11: 'rate' is \"0mbit\", but lets nothing through; write 'partition: true' instead"]],
    ["rate: 1mbit, limit: 5", ["18: unknown key 'limit' in an egress rule; say how long a packet may wait, with 'rate' and 'queue'"]],
    ["latency: 5ms, loss: 1%", ["5: unknown key 'latency' in an egress rule; write 'delay'"]],
    [
      "partition: true, delay: 5ms, loss: 1%",
      ["16: 'partition' lets nothing through, so 'delay', 'loss' would have no effect; remove one or the other"],
    ],
    ["partition: false", ["16: 'partition' is false, but must be true; write true, or remove the key"]],
    [
      "to: [{ cidr: 10.0.0.0/8 }]",
      [
        "3: it emulates nothing; add one of delay, loss, duplicate, corrupt, reorder, rate, partition; what shall pass belongs to 'except' or 'pass'",
      ],
    ],
    [
      "loss: 0%, delay: 0s, corrupt: { probability: 0% }",
      [
        "3: it emulates nothing; add one of delay, loss, duplicate, corrupt, reorder, rate, partition; what shall pass belongs to 'except' or 'pass'",
      ],
    ],
    [
      "loss: 1%, seed: -1",
      ["21: 'seed' is the number -1, but must be a whole number from 0 to 18446744073709551615; write a number such as 42"],
    ],
    [
      "loss: 1%, seed: 9007199254740993",
      ["21: 'seed' is the number 9007199254740992, but is too long for a number in YAML; put it in quotes"],
    ],
    ["loss: 1%, priority: high", ["25: 'priority' must be a number, not the string \"high\"; write it as in 'priority: 10'"]],
    ["loss: 1%, priority: 1.5", ["25: 'priority' must be a whole number, not the number 1.5; write it as in 'priority: 10'"]],
    [
      "loss: 1%, name: slow db",
      [
        "21: 'name' is \"slow db\", but must have 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-', beginning with a letter or digit; write a name such as slow-db",
      ],
    ],
    [
      "loss: 1%, from: [{ host: a.b }]",
      ["15: unknown key 'from' in an egress rule; an egress rule says 'to'; or move the rule to 'ingress'"],
    ],
  ])("{ %s }", (fields, expected) => {
    expect(refusalOfRule(fields)).toEqual(expected);
  });

  it.each<[string, string[]]>([
    [
      "cidr: 10.0.0.1/8",
      ["'cidr' is \"10.0.0.1/8\", but has host bits set beyond /8; write the network 10.0.0.0/8, or the address 10.0.0.1"],
    ],
    ['cidr: "::ffff:10.0.0.1"', ["'cidr' is \"::ffff:10.0.0.1\", but is IPv4 written as IPv6, which no packet carries; write 10.0.0.1"]],
    [
      "cidr: 10",
      [
        "'cidr' is the number 10, but must be an address or a block of addresses; write an address such as 10.1.2.3 or 2001:db8::1, or a block such as 10.0.0.0/8",
      ],
    ],
    ["host: 10.0.0.1", ["'host' is \"10.0.0.1\", but is an address; write 'cidr: 10.0.0.1'"]],
    [
      "host: 10.0.0.300",
      ["'host' is \"10.0.0.300\", but must be a DNS name in lower case; write it without scheme, port and path, as in api.example.com"],
    ],
    ["host: Api.example.com", ["'host' is \"Api.example.com\", but must be a DNS name in lower case; write api.example.com"]],
    [
      'host: "https://a.b/c"',
      ["'host' is \"https://a.b/c\", but must be a DNS name in lower case; write it without scheme, port and path, as in api.example.com"],
    ],
    ["host: a.b, cidr: 10.0.0.1", ["a peer can not be both 'cidr' and 'host'; keep one of them, or make two entries"]],
    ["ports: [80-70]", ["an entry of 'ports' is \"80-70\", but runs backwards; write 70-80"]],
    ["localPorts: [65536]", ["an entry of 'localPorts' is the number 65536, but is out of range; ports are from 1 to 65535"]],
    ["ports: 80", ["'ports' must be a list, not the number 80; write it as in 'ports: [5432, 8000-8010]'"]],
    ["ports: []", ["'ports' must not be empty; write it as in 'ports: [5432, 8000-8010]'"]],
    ["ports: [80], protocol: icmp", ["ICMP has no ports; remove 'ports', or name another protocol"]],
    ["localPorts: [80], protocol: icmp", ["ICMP has no ports; remove 'localPorts', or name another protocol"]],
    ["protocol: tpc", ["'protocol' can not be \"tpc\"; did you mean 'tcp'? (one of tcp, udp, sctp, icmp)"]],
    ["port: 80", ["unknown key 'port' in a peer; did you mean 'ports'?"]],
  ])("for the peer { %s }", (peer, expected) => {
    for (const list of ["to", "except"]) {
      expect(refusalOfRule(`loss: 1%, ${list}: [{ ${peer} }]`).map((line) => line.replace(/^\d+: /, ""))).toEqual(expected);
    }
  });

  it("for an empty list, which could be taken for everybody", () => {
    expect(refusalOfRule("loss: 1%, to: []")).toEqual(["19: 'to' must not be empty; write it as in 'to: [{ cidr: 10.0.0.0/8 }]'"]);
  });

  it("that says 'to' of what comes in", () => {
    expect(refusalOf("ingress: [{ to: [{ cidr: 10.0.0.0/8 }], loss: 1% }]")).toEqual([
      "s.yaml:1:13: rule 'ingress[0]': unknown key 'to' in an ingress rule; an ingress rule says 'from'; or move the rule to 'egress'",
    ]);
  });

  it("whose name another one has, of either direction", () => {
    expect(refusalOf("egress: [{ name: a, loss: 1% }]\ningress: [{ name: a, loss: 1% }]\n")).toEqual([
      "s.yaml:2:19: rule 'a': the name is already at s.yaml:1:18; give each rule its own name, or none",
    ]);
  });
});

describe("what is too large is refused, with its size", () => {
  it("in rules, and nothing else is told of them", () => {
    const rules = (count: number, rule: string) => Array.from({ length: count }, () => rule).join(", ");
    expect(refusalOf(`egress: [${rules(600, "{ loss: 1% }")}]\ningress: [${rules(400, "{ loss: 1% }")}]\n`)).toEqual([]);
    expect(refusalOf(`egress: [${rules(10_000, "{ los: 1% }")}]\n`)).toEqual([
      "s.yaml:1:1: the spec has 10000 rules, more than 1000; put the peers of rules that emulate the same into one rule",
    ]);
  });

  it("in matches", () => {
    const ports = Array.from({ length: 50 }, (_, index) => index + 1).join(", ");
    const peer = `{ cidr: 10.0.0.0/8, ports: [${ports}], localPorts: [${ports}] }`;
    expect(refusalOf(`dns: emulate\negress: [{ loss: 1%, to: [${peer}, ${peer}] }]\n`)).toEqual([]);
    expect(refusalOf(`egress: [{ loss: 1%, to: [${peer}, ${peer}] }]\n`)).toEqual([
      "s.yaml:1:1: the rules multiply out to 10004 matches, more than 10000; name larger blocks of addresses, ranges of ports, or the protocol",
    ]);
  });

  it("in bytes", () => {
    expect(refusalOf(`# ${"x".repeat(2 * 1024 * 1024)}`)).toEqual([
      "s.yaml:1:1: the file is larger than 2 MiB, the most that is read; name blocks of addresses instead of each one",
    ]);
  });
});

it("all problems are told at once, sorted, as data too", () => {
  const error = errorOf("ingress: [{ delay: 5, jitter: 2 }]\negress: [{ name: a, los: 1%, loss: 2, reorder: 5% }]\n");
  expect(error?.code).toBe("invalid-spec");
  expect(error?.problems.map(({ line, column, rule, code }) => [line, column, rule, code])).toEqual([
    [1, 20, "ingress[0]", "invalid-value"],
    [1, 31, "ingress[0]", "invalid-value"],
    [2, 21, "a", "unknown-key"],
    [2, 36, "a", "invalid-value"],
    [2, 48, "a", "needs-another-key"],
  ]);
});

describe("every text is read, or refused with places that exist and with what to do", () => {
  const key = fc.constantFrom(
    "to",
    "from",
    "delay",
    "jitter",
    "loss",
    "rate",
    "queue",
    "partition",
    "reorder",
    "cidr",
    "ports",
    "name",
    "x",
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom("5ms", "1%", "2mbit", "10.0.0.0/8", "a.b", true, null, 0, 1, -1, 1.5, "80-90"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));

  it("of any values", () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 3 }), fc.array(value, { maxLength: 3 }), value, (egress, ingress, pass) => {
        const text = JSON.stringify({ egress, ingress, pass }, undefined, 1);
        const lines = text.split("\n");
        for (const { line, column, fix, message } of errorOf(text)?.problems ?? []) {
          expect(column).toBeLessThanOrEqual((lines[line - 1] ?? "").length);
          expect(fix, message).toMatch(/./);
        }
      }),
      { numRuns: 500 },
    );
  });
});
