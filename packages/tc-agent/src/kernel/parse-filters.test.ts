import { describe, expect, it } from "vitest";
import { parseFilters } from "./parse-filters.ts";
import { parseTcJson } from "./tc-json.ts";

/** Of `tc -json -statistics filter show dev lo egress` of iproute2 6.1, on Linux 6.1; what nobody reads of actions is left out. */
const SHOWN = `[{"protocol":"ip","pref":10,"kind":"basic","chain":0},
{"protocol":"ip","pref":10,"kind":"basic","chain":0,"options":{"handle":"1"
  NOT ipset(puggle-lease-4 src)
,"actions":[{"order":1,"kind":"gact","control_action":{"type":"pass"},"stats":{"bytes":0,"packets":0},"cookie":"7067"}]}},
{"protocol":"ipv6","pref":11,"kind":"basic","chain":0},
{"protocol":"ipv6","pref":11,"kind":"basic","chain":0,"options":{"handle":"1"
  NOT ipset(puggle-lease-6 src)
,"actions":[{"order":1,"kind":"gact","control_action":{"type":"pass"},"stats":{"bytes":0,"packets":0},"cookie":"7067"}]}},
{"protocol":"all","pref":1000,"kind":"fw","chain":0},
{"protocol":"all","pref":1000,"kind":"fw","chain":0,"options":{handle 0x10/0xf0 
"actions":[{"order":1,"kind":"gact","control_action":{"type":"goto","chain":1001},"stats":{"bytes":0,"packets":0},"cookie":"7067"}]}},
{"protocol":"ip","pref":1002,"kind":"u32","chain":0},
{"protocol":"ip","pref":1002,"kind":"u32","chain":0,"options":{"fh":"800:","ht_divisor":1}},
{"protocol":"ip","pref":1002,"kind":"u32","chain":0,"options":{"fh":"800::800","order":2048,"key_ht":"800","bkt":"0","not_in_hw":true,"rule_hit":0,"success":0,"match":{"value":"60000","mask":"ff0000","offmask":"","off":8},"success":0,"match":{"value":"a000000","mask":"ff000000","offmask":"","off":16},"success":0,"match":{"value":"50","mask":"ffff","offmask":"","off":20},"success":0,"actions":[{"order":1,"kind":"mirred","mirred_action":"redirect","direction":"egress","to_dev":"pgl1","control_action":{"type":"stolen"},"stats":{"bytes":0,"packets":0},"cookie":"7067"}]}},
{"protocol":"ip","pref":1003,"kind":"u32","chain":0},
{"protocol":"ip","pref":1003,"kind":"u32","chain":0,"options":{"fh":"801:","ht_divisor":1}},
{"protocol":"ip","pref":1003,"kind":"u32","chain":0,"options":{"fh":"801::800","order":2048,"key_ht":"801","bkt":"0","flowid":"7067:1","not_in_hw":true,"rule_hit":0,"success":0,"match":{"value":"60000","mask":"ff0000","offmask":"","off":8},"success":0}},
{"protocol":"ip","pref":1,"kind":"flower","chain":1001},
{"protocol":"ip","pref":1,"kind":"flower","chain":1001,"options":{"handle":1,"keys":{"eth_type":"ipv4","ip_proto":"tcp","dst_ip":"10.0.0.0/8","dst_port":{"start":80,"end":90}},"not_in_hw":true,"actions":[{"order":1,"kind":"mirred","mirred_action":"redirect","direction":"egress","to_dev":"pgl1","control_action":{"type":"stolen"},"stats":{"bytes":0,"packets":0},"cookie":"7067"}]}}]`;

describe("filters of ours", () => {
  const found = parseFilters("egress", parseTcJson(SHOWN));

  it.each([
    [10, 0, "basic", "ip", { match: "not ipset(puggle-lease-4 src)" }, { kind: "pass" }],
    [11, 0, "basic", "ipv6", { match: "not ipset(puggle-lease-6 src)" }, { kind: "pass" }],
    [1000, 0, "fw", "all", { mark: "0x10/0xf0" }, { kind: "goto", chain: 1001 }],
    [1002, 0, "u32", "ip", { "at 8": "60000/ff0000", "at 16": "a000000/ff000000", "at 20": "50/ffff" }, { kind: "redirect", to: "pgl1" }],
    [1003, 0, "u32", "ip", { "at 8": "60000/ff0000" }, { kind: "pass" }],
    [1, 1001, "flower", "ip", { ip_proto: "tcp", dst_ip: "10.0.0.0/8", dst_port: "80-90" }, { kind: "redirect", to: "pgl1" }],
  ])("at preference %i of chain %i are read: %s", (preference, chain, classifier, protocol, keys, action) => {
    const filter = found.find((one) => one.preference === preference && one.chain === chain)?.filter;
    expect(filter).toEqual({ hook: "egress", preference, chain, classifier, protocol, keys, action });
  });

  it("are all that there is", () => expect(found).toHaveLength(6));

  it("that led to a device that is gone lead nowhere", () => {
    const [first] = parseFilters("egress", parseTcJson(SHOWN.replaceAll('"pgl1"', '"*"'))).filter(({ kind }) => kind === "u32");
    expect(first?.filter?.action).toEqual({ kind: "redirect", to: "*" });
  });

  it("are nobody's without the cookie", () => {
    const others = parseFilters("egress", parseTcJson(SHOWN.replaceAll(',"cookie":"7067"', "").replace("7067:1", "1:1")));
    expect(others.map(({ filter }) => filter)).toEqual(Array(6).fill(undefined));
  });
});

const ACTION = '"actions":[{"order":1,"kind":"gact","control_action":{"type":"pass"},"cookie":"7067"}]';
const shownAs = (kind: string, options: string) =>
  `[{"protocol":"ip","pref":500,"kind":"${kind}","chain":0},{"protocol":"ip","pref":500,"kind":"${kind}","chain":0,"options":${options}}]`;

it.each([
  ["an IPv6 address that ends like one of IPv4", "flower", `{"keys":{"dst_ip":"::1.2.3.4"},${ACTION}}`, { dst_ip: "::102:304" }],
  ["a block of such addresses", "flower", `{"keys":{"dst_ip":"::ffff:0.0.0.0/96"},${ACTION}}`, { dst_ip: "::ffff:0:0/96" }],
  ["port 0", "flower", `{"keys":{"eth_type":"ipv4","dst_port":0},${ACTION}}`, { dst_port: "0/0xffff" }],
  ["a mark whose every bit counts", "fw", `{handle 0x10 \n${ACTION}}`, { mark: "0x10/0xffffffff" }],
])("%s is read as we write it", (_what, kind, options, keys) => {
  const [found] = parseFilters("egress", parseTcJson(shownAs(kind, options)));
  expect(found?.filter?.keys).toEqual(keys);
});

it.each([
  ["basic", '{"handle":"1","flowid":"1:1"\n  cmp(u8 at 0 layer 1 gt 10)\n}'],
  ["basic", `{"handle":"1"\n  ipset(puggle-lease-4 src)\n  AND NOT meta(priority eq 6)\n,${ACTION}}`],
  ["fw", "{handle 0x5 classid 1:1 }"],
  ["cgroup", "{handle 0x1 }"],
  ["flow", "{handle 0x1 map keys dst and 0x000000ff rshift 16 divisor 256 baseclass 1:1 }"],
  ["route", "{fh 0xffff0005 to 5 }"],
])("somebody else's filter of kind %s, printed as %j, has a place and is not ours", (kind, options) => {
  const beside = SHOWN.replace(/\]$/, `,${shownAs(kind, options).slice(1)}`);
  for (const text of [shownAs(kind, options), beside]) {
    expect(parseFilters("egress", parseTcJson(text)).at(-1)).toMatchObject({ filter: undefined, preference: 500, chain: 0, kind });
  }
  expect(parseFilters("egress", parseTcJson(beside)).filter(({ filter }) => filter !== undefined)).toHaveLength(6);
});

it("what is no list of tc is refused", () => {
  expect(() => parseTcJson("Object is not here")).toThrow("tc printed no list");
});
