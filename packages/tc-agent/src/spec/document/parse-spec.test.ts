import { describe, expect, it } from "vitest";
import type { EmulationSpec, SpecRule } from "../emulation.ts";
import { parseSpec } from "./parse-spec.ts";

const NO_DELAY = { kind: "degradation", delayUs: 0, jitterUs: 0, delayCorrelation: 0 };

function parse(text: string): EmulationSpec {
  return parseSpec({ path: "s.yaml", text });
}

function emulationOf(fields: string): SpecRule["emulation"] | undefined {
  return parse(`egress: [{ ${fields} }]`).rules[0]?.emulation;
}

describe("parseSpec", () => {
  it("reads every field", () => {
    const spec = parse(`
egress:
  - name: slow-db
    priority: 10
    to: [{ cidr: 10.0.0.0/8, ports: [5432, 8000-8010], protocol: tcp }, { host: api.example.com }]
    except: [{ cidr: 10.1.2.0/24 }]
    delay: 120ms
    jitter: 20ms
    distribution: normal
    correlation: 25%
    loss: 1%
    duplicate: 1%
    corrupt: 0.1%
    reorder: 25%
    rate: 2mbit
    queue: 50ms
    seed: 42
ingress:
  - from: [{ cidr: "2001:DB8::/32", localPorts: [8080] }]
    partition: true
pass:
  probes: [{ cidr: 10.0.0.1, localPorts: [8080] }]
dns: emulate
`);
    expect(spec).toEqual({
      rules: [
        {
          name: "slow-db",
          direction: "egress",
          peers: [
            {
              cidr: "10.0.0.0/8",
              protocol: "tcp",
              ports: [
                { from: 5432, to: 5432 },
                { from: 8000, to: 8010 },
              ],
              localPorts: [],
            },
            { host: "api.example.com", ports: [], localPorts: [] },
          ],
          except: [{ cidr: "10.1.2.0/24", ports: [], localPorts: [] }],
          emulation: {
            kind: "degradation",
            delayUs: 120_000,
            jitterUs: 20_000,
            delayCorrelation: 0.25,
            distribution: "normal",
            loss: { kind: "random", probability: 0.01, correlation: 0 },
            duplicate: { probability: 0.01, correlation: 0 },
            corrupt: { probability: 0.001, correlation: 0 },
            reorder: { probability: 0.25, correlation: 0 },
            rate: 2_000_000,
            queueUs: 50_000,
            seed: 42n,
          },
        },
        {
          name: "ingress[0]",
          direction: "ingress",
          peers: [{ cidr: "2001:db8::/32", ports: [], localPorts: [{ from: 8080, to: 8080 }] }],
          except: [],
          emulation: { kind: "partition" },
        },
      ],
      pass: [{ cidr: "10.0.0.1/32", ports: [], localPorts: [{ from: 8080, to: 8080 }] }],
    });
  });

  it.each([
    ["loss: { probability: 1%, correlation: 25% }", { loss: { kind: "random", probability: 0.01, correlation: 0.25 } }],
    [
      "loss: { gemodel: { p: 1%, r: 10%, lostWhenBad: 70%, lostWhenGood: 0.1% } }",
      { loss: { kind: "gemodel", p: 0.01, r: 0.1, lostWhenBad: 0.7, lostWhenGood: 0.001 } },
    ],
    ["loss: { gemodel: { p: 25% } }", { loss: { kind: "gemodel", p: 0.25, r: 0.75, lostWhenBad: 1, lostWhenGood: 0 } }],
    [
      "loss: { state: { p13: 1%, p31: 20%, p32: 30%, p23: 40%, p14: 5% } }",
      { loss: { kind: "state", p13: 0.01, p31: 0.2, p32: 0.3, p23: 0.4, p14: 0.05 } },
    ],
    ["loss: { state: { p13: 25% } }", { loss: { kind: "state", p13: 0.25, p31: 0.75, p32: 0, p23: 1, p14: 0 } }],
    ["corrupt: { probability: 1%, correlation: 5% }", { corrupt: { probability: 0.01, correlation: 0.05 } }],
    ["delay: 1ms, reorder: { probability: 5%, gap: 3 }", { delayUs: 1000, reorder: { probability: 0.05, correlation: 0, gap: 3 } }],
    ["delay: 1ms, loss: 0%, duplicate: 0%", { delayUs: 1000 }],
    ['delay: 1ms, seed: "18446744073709551615"', { delayUs: 1000, seed: 2n ** 64n - 1n }],
    ["rate: 2000bit", { rate: 2_000 }],
  ])("reads { %s }", (fields, expected) => {
    expect(emulationOf(fields)).toEqual({ ...NO_DELAY, ...expected });
  });

  it("reads JSON", () => {
    expect(parse('{"egress":[{"delay":"1ms"}]}').rules).toHaveLength(1);
  });

  it("orders rules by direction, then by priority, then as they are written", () => {
    const rules =
      "[{ loss: 1% }, { name: b, priority: 5, loss: 1% }, { loss: 1% }, { priority: -1, loss: 1% }, { name: e, priority: 5, loss: 1% }]";
    const { rules: read } = parse(`ingress: ${rules.replaceAll(/name: \w, /g, "")}\negress: ${rules}\n`);
    expect(read.map(({ name }) => name)).toEqual([
      "b",
      "e",
      "egress[0]",
      "egress[2]",
      "egress[3]",
      "ingress[1]",
      "ingress[4]",
      "ingress[0]",
      "ingress[2]",
      "ingress[3]",
    ]);
  });

  it("passes DNS, unless it is asked for", () => {
    const dns = { ports: [{ from: 53, to: 53 }], localPorts: [] };
    const both = [
      { ...dns, protocol: "udp" },
      { ...dns, protocol: "tcp" },
    ];
    expect(parse("egress: []").pass).toEqual(both);
    expect(parse("dns: pass").pass).toEqual(both);
    expect(parse("dns: emulate").pass).toEqual([]);
  });
});
