import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBaggage } from "./read.ts";
import { rewriteBaggage } from "./rewrite.ts";

describe("reading", () => {
  test.each([
    ["virtual-cluster-name=pr-42", { name: "pr-42" }],
    ["a=1,virtual-cluster-name=pr-42,b=2", { name: "pr-42" }],
    [" virtual-cluster-name = pr-42 ", { name: "pr-42" }],
    ["virtual-cluster-name=pr-42;ttl=3;secret", { name: "pr-42" }],
    ["virtual-cluster-name=pr%2D42", { name: "pr-42" }],
    ["virtual-cluster-name=a,virtual-cluster-name=a", { name: "a" }],
    ["virtual-cluster-name=a,virtual-cluster-name=b", { fault: "repeated" }],
    ["virtual-cluster-name=", { fault: "empty" }],
    ["virtual-cluster-name=Pr-42", { fault: "not-a-dns-label" }],
    ["virtual-cluster-name=default", { fault: "reserved" }],
    [`virtual-cluster-name=${"a".repeat(64)}`, { fault: "too-long" }],
    ["virtual-cluster-name=%zz", { fault: "malformed" }],
    ["virtual-cluster-name=%ff", { fault: "malformed" }],
    ["virtual-cluster-name", { fault: "malformed" }],
    ["my-virtual-cluster-name=a", undefined],
    ["a=virtual-cluster-name", undefined],
    ["", undefined],
    [`${"a".repeat(8200)}=1,virtual-cluster-name=a`, { fault: "too-large" }],
    [`virtual-cluster-name=a${",b=1".repeat(180)}`, { fault: "too-large" }],
    [`virtual-cluster-name=a${",b=1".repeat(179)}`, { name: "a" }],
  ])("%.60s", (header, wanted) => {
    expect(readBaggage(header)).toEqual(wanted);
  });

  test("any text gives an answer and never an exception", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (before, after) => {
        expect(() => readBaggage(`${before}virtual-cluster-name=${after}`)).not.toThrow();
      }),
    );
  });
});

describe("rewriting", () => {
  test.each([
    ["virtual-cluster-name=old", "virtual-cluster-name=new"],
    ["a=1, virtual-cluster-name=old;ttl=3 ,b=2", "a=1,virtual-cluster-name=new;ttl=3 ,b=2"],
    ["virtual-cluster-name=old,a=1,virtual-cluster-name=older", "virtual-cluster-name=new,a=1"],
    ["virtual-cluster-name=new,virtual-cluster-name=old", "virtual-cluster-name=new"],
    ["virtual-cluster-name", "virtual-cluster-name=new"],
    ["virtual-cluster-name=new", undefined],
    ["a=1", undefined],
    ["a=virtual-cluster-name", undefined],
  ])("%s", (header, wanted) => {
    expect(rewriteBaggage(header, "new")).toBe(wanted);
  });

  test("what comes out names the virtual cluster and keeps every other member as it was", () => {
    const member = fc.stringMatching(/^[a-z]{1,5}=[a-z0-9%;]{0,8}$/);
    fc.assert(
      fc.property(fc.array(member), fc.array(member), fc.stringMatching(/^[a-z]{1,8}$/), (before, after, old) => {
        const header = [...before, `virtual-cluster-name=${old}`, ...after].join(",");
        const rewritten = rewriteBaggage(header, "new") ?? header;
        expect(readBaggage(rewritten)).toEqual({ name: "new" });
        expect(rewritten.split(",").filter((each) => !each.startsWith("virtual-cluster-name"))).toEqual([...before, ...after]);
      }),
    );
  });
});
