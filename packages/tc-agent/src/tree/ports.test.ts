import { BlockList } from "node:net";
import fc from "fast-check";
import { expect, it } from "vitest";
import { criteriaOf } from "./classifiers.ts";
import { portPrefixes } from "./ports.ts";
import { fateOf } from "./testing/packet-model.ts";

const port = fc.integer({ min: 0, max: 65_535 });

it("prefixes are just the ports of a range, 30 of them at most", () => {
  fc.assert(
    fc.property(port, port, fc.array(port), (a, b, others) => {
      const range = { from: Math.min(a, b), to: Math.max(a, b) };
      const prefixes = portPrefixes(range);
      expect(prefixes.length).toBeLessThanOrEqual(30);
      for (const one of [range.from - 1, range.from, range.to, range.to + 1, ...others].filter((each) => each >= 0 && each <= 65_535)) {
        const holders = prefixes.filter(({ value, mask }) => (one & mask) === value).length;
        expect(holders).toBe(one >= range.from && one <= range.to ? 1 : 0);
      }
    }),
  );
});

it("the longest list is that of all ports but the first and the last", () => {
  expect(portPrefixes({ from: 1, to: 65_534 })).toHaveLength(30);
});

it.each([4, 6] as const)("words of addresses hold just those of a block, of IPv%i", (family) => {
  const bits = family === 4 ? 32 : 128;
  const address = family === 4 ? fc.ipV4() : fc.ipV6().filter((one) => !one.includes("."));
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: bits }), (network, other, prefix) => {
      const list = new BlockList();
      list.addSubnet(network, prefix, `ipv${family}`);
      const [criterion] = criteriaOf({ family, cidr: `${network}/${prefix}` }, "egress", "u32");
      const keys = Object.fromEntries(
        Object.entries(criterion?.keys ?? {}).map(([at, word]) => {
          const [value = 0, mask = 0] = word.split("/").map((part) => Number.parseInt(part, 16));
          return [at, `${((value & mask) >>> 0).toString(16)}/${mask.toString(16)}`];
        }),
      );
      const filter = {
        hook: "egress",
        chain: 0,
        preference: 1,
        protocol: "all",
        classifier: "u32",
        keys,
        action: { kind: "drop" },
      } as const;
      for (const one of [network, other]) {
        const fate = fateOf({ direction: "egress", family, address: one, protocol: "other" }, [filter]);
        expect(fate).toBe(list.check(one, `ipv${family}`) ? "drop" : "pass");
      }
    }),
  );
});
