import { describe, expect, it } from "vitest";
import { namesToTry, parseResolvConf } from "./resolv-conf.ts";

describe("parseResolvConf", () => {
  it.each<[string, string, ReturnType<typeof parseResolvConf>]>([
    ["nothing", "", { servers: [], search: [], ndots: 1 }],
    [
      "what Kubernetes writes",
      "search shop.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
      { servers: ["10.96.0.10"], search: ["shop.svc.cluster.local", "svc.cluster.local"], ndots: 5 },
    ],
    [
      "comments, IPv6 and at most three name servers that are some",
      "# one\nnameserver ::1 ; here\nnameserver nonsense\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n",
      { servers: ["::1", "10.0.0.1", "10.0.0.2"], search: [], ndots: 1 },
    ],
    ["the last of search and domain", "search a.b\ndomain C.d.\n", { servers: [], search: ["c.d"], ndots: 1 }],
    [
      "options, those that are none left out",
      "options ndots:x timeout:3 attempts:4 rotate\n",
      { servers: [], search: [], ndots: 1, timeoutMs: 3000, attempts: 4 },
    ],
  ])("reads %s", (_what, text, expected) => {
    expect(parseResolvConf(text)).toEqual(expected);
  });
});

describe("a host is looked up", () => {
  const search = ["x", "y"];
  it.each<[string, string, number, string[]]>([
    ["with the search list first, if it has few dots", "a.b", 2, ["a.b.x", "a.b.y", "a.b"]],
    ["by itself first, if it has enough", "a.b", 1, ["a.b", "a.b.x", "a.b.y"]],
    ["by itself alone, if it ends with a dot", "a.", 5, ["a"]],
  ])("%s", (_what, host, ndots, expected) => {
    expect(namesToTry(host, { search, ndots })).toEqual(expected);
  });
});
