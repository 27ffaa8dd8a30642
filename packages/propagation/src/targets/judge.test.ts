import { describe, expect, test } from "vitest";
import { createJudge } from "./judge.ts";
import { compileTargets } from "./pattern.ts";

const judge = createJudge(compileTargets(["*.svc", "127.0.0.1"]));

describe("where a request really goes", () => {
  test.each([
    ["a host", { peer: "orders.svc", path: "/", hostHeader: undefined }, true],
    ["an origin", { peer: "http://orders.svc:8080", path: "/", hostHeader: undefined }, true],
    ["a public host", { peer: "http://example.com", path: "/", hostHeader: undefined }, false],
    ["a URL in the query says nothing", { peer: "http://example.com", path: "/?to=http://orders.svc", hostHeader: undefined }, false],
    ["through a proxy to a target", { peer: "http://proxy.example.com", path: "http://orders.svc/x", hostHeader: undefined }, true],
    [
      "through a proxy that is a target to a host that is none",
      { peer: "http://127.0.0.1:3128", path: "http://example.com/x", hostHeader: undefined },
      false,
    ],
    [
      "through a proxy, to what not everybody reads as the same host",
      { peer: "orders.svc", path: "http:/example.com/", hostHeader: undefined },
      false,
    ],
    ["through a proxy, with other slashes", { peer: "orders.svc", path: "http:\\\\example.com/", hostHeader: undefined }, false],
    ["through a proxy, with a scheme in upper case", { peer: "orders.svc", path: "HTTP://example.com/", hostHeader: undefined }, false],
    ["a scheme and a port are no host", { peer: "http://example.com", path: "orders:80", hostHeader: undefined }, false],
    ["a query without a path", { peer: "orders.svc", path: "?to=http://example.com", hostHeader: undefined }, true],
    ["a Host header of a target", { peer: "127.0.0.1", path: "/", hostHeader: "orders.svc:80" }, true],
    ["a Host header of a host that is none", { peer: "127.0.0.1", path: "/", hostHeader: "example.com" }, false],
    ["a Host header does not make a target", { peer: "http://example.com", path: "/", hostHeader: "orders.svc" }, false],
    ["OPTIONS *", { peer: "orders.svc", path: "*", hostHeader: undefined }, true],
    ["no host at all", { peer: "", path: "/", hostHeader: undefined }, false],
  ])("%s", (_, destination, wanted) => {
    expect(judge(destination)).toBe(wanted);
    expect(judge(destination), "the remembered answer is the same").toBe(wanted);
  });

  test("it answers the same after it met more hosts than it remembers", () => {
    for (let index = 0; index < 1000; index += 1) expect(judge({ peer: `host-${index}.svc`, path: "/", hostHeader: undefined })).toBe(true);
    expect(judge({ peer: "example.com", path: "/", hostHeader: undefined })).toBe(false);
  });
});
