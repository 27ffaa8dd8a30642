import { HostError, type LookUp } from "@puggle/tc-agent";
import { describe, expect, it } from "vitest";
import { HostAddresses } from "./host-addresses.ts";

type Told = Readonly<Record<string, readonly string[]>>;

/** Name servers that tell one thing after the other; of a host that they do not tell, that it is not known. */
function following(...tellings: readonly Told[]): HostAddresses {
  let turn = -1;
  const lookUp = async (hosts: readonly string[]): Promise<LookUp> => {
    turn += 1;
    const told = tellings[turn] ?? {};
    return {
      addresses: new Map(Object.entries(told)),
      errors: hosts.filter((host) => !(host in told)).map((host) => new HostError("unknown-host", host, `no ${host}`)),
    };
  };
  return new HostAddresses({ lookUp, everyMs: 0 });
}

async function addressesAfterEach(hosts: HostAddresses, turns: number): Promise<readonly (readonly string[] | undefined)[]> {
  const seen: (readonly string[] | undefined)[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    await hosts.follow(["a"]);
    seen.push(hosts.addresses.get("a"));
  }
  return seen;
}

describe("the addresses of a host", () => {
  it("are kept for one look-up when they are missing", async () => {
    const hosts = following({ a: ["1", "2"] }, { a: ["3"] }, { a: ["3"] });
    expect(await addressesAfterEach(hosts, 3)).toEqual([["1", "2"], ["3", "1", "2"], ["3"]]);
  });

  it("are kept as long as it can not be looked up, which is told once", async () => {
    const hosts = following({ a: ["1"] }, {}, {}, { a: ["1"] }, {});
    await hosts.follow(["a"]);
    expect(hosts.news()).toEqual([]);
    await hosts.follow(["a"]);
    expect([hosts.addresses.get("a"), hosts.news()]).toEqual([["1"], ["no a; until then it keeps the addresses that it had"]]);
    await hosts.follow(["a"]);
    expect([hosts.addresses.get("a"), hosts.news()]).toEqual([["1"], []]);
    await hosts.follow(["a"]);
    expect(hosts.news()).toEqual([]);
    await hosts.follow(["a"]);
    expect(hosts.news()).toHaveLength(1);
  });

  it("are none where a new one can not be looked up, which is told", async () => {
    const hosts = following({ a: ["1"] }, { a: ["1"] });
    await hosts.follow(["a"]);
    await hosts.follow(["a", "b"]);
    expect([[...hosts.addresses], hosts.news()]).toEqual([
      [
        ["a", ["1"]],
        ["b", []],
      ],
      ["no b"],
    ]);
  });

  it("are not waited for longer than is said", async () => {
    const hosts = new HostAddresses({ lookUp: () => new Promise(() => undefined), everyMs: 0, atMostMs: 20 });
    await hosts.follow(["a"]);
    expect(hosts.unresolved).toEqual([expect.stringContaining("the host a could not be looked up (no answer within 0.02 s)")]);
  });

  it("are asked for once at a time, and again when it is time", async () => {
    let asked = 0;
    const answer = Promise.withResolvers<LookUp>();
    const lookUp = () => {
      asked += 1;
      return answer.promise;
    };
    const hosts = new HostAddresses({ lookUp, everyMs: 60_000 });
    const all = [hosts.follow(["a"]), hosts.follow(["a"])];
    answer.resolve({ addresses: new Map([["a", ["1"]]]), errors: [] });
    await Promise.all(all);
    await hosts.follow(["a"]);
    expect(asked).toBe(1);
  });
});
