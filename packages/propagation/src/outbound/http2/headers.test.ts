import { describe, expect, test } from "vitest";
import { addToHeaders, type Http2Headers, readHead } from "./headers.ts";

const nothing = { hasOurHeader: false, authority: undefined, host: undefined, method: "GET", baggage: undefined };

describe("readHead", () => {
  test.each<[Http2Headers, object]>([
    [undefined, {}],
    [null, {}],
    [{}, {}],
    [
      { ":authority": "a", Host: "b", ":method": "POST" },
      { authority: "a", host: "b", method: "POST" },
    ],
    [["x", "1", ":authority", "a", "HOST", "b"], { authority: "a", host: "b" }],
    [{ "Virtual-Cluster-Name": "" }, { hasOurHeader: true }],
    [{ "virtual-cluster-name": undefined }, {}],
    [["virtual-cluster-name", "x"], { hasOurHeader: true }],
    [{ baggage: ["a=1", "b=2"] }, { baggage: "a=1,b=2" }],
    [["baggage", "a=1", "Baggage", "b=2"], { baggage: "a=1,b=2" }],
    [{ ":method": "CONNECT" }, { method: "CONNECT" }],
    [{ ":method": "CONNECT", ":protocol": "websocket" }, { method: "GET" }],
  ])("%j", (headers, head) => {
    expect(readHead(headers)).toEqual({ ...nothing, ...head });
  });
});

describe("addToHeaders", () => {
  const secret = Symbol("secret");

  test.each<[string, Http2Headers, string | undefined, object]>([
    ["nothing", undefined, undefined, { "virtual-cluster-name": "vc-1" }],
    ["an object", { a: "1", [secret]: ["a"] }, undefined, { a: "1", [secret]: ["a"], "virtual-cluster-name": "vc-1" }],
    ["baggage of an object", { Baggage: "x=1" }, "x=2", { baggage: "x=2", "virtual-cluster-name": "vc-1" }],
    ["an array", ["a", "1"], undefined, ["a", "1", "virtual-cluster-name", "vc-1"]],
    ["baggage of an array", ["Baggage", "x=1", "a", "1"], "x=2", ["a", "1", "baggage", "x=2", "virtual-cluster-name", "vc-1"]],
  ])("leaves %s as it was, and gives a copy with the name", (_, headers, baggage, wanted) => {
    const frozen = headers === undefined || headers === null ? headers : Object.freeze(headers);
    expect(addToHeaders(frozen, "vc-1", baggage)).toEqual(wanted);
  });

  test("keeps what hangs on an array", () => {
    const headers = Object.freeze(Object.assign(["a", "1"], { [secret]: ["a"] }));
    expect(Reflect.get(addToHeaders(headers, "vc-1", undefined), secret)).toEqual(["a"]);
  });
});
