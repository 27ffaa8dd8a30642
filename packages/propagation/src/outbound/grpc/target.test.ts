import { describe, expect, test } from "vitest";
import { hostsOfTarget, hostToJudge } from "./target.ts";

describe("hostsOfTarget", () => {
  test.each<[string, string[]]>([
    ["dns:orders:50051", ["orders:50051"]],
    ["dns:///orders:50051", ["orders:50051"]],
    ["dns://10.0.0.2/orders.svc:50051", ["orders.svc:50051"]],
    ["DNS:orders", ["orders"]],
    ["dns:[::1]:50051", ["[::1]:50051"]],
    ["passthrough:///orders:50051", ["orders:50051"]],
    ["dns:passthrough:///orders:50051", ["orders:50051"]],
    ["xds:///orders.svc", ["orders.svc"]],
    ["ipv4:10.0.0.1:1,8.8.8.8:2", ["10.0.0.1:1", "8.8.8.8:2"]],
    ["ipv6:[::1]:1,[2001:db8::1]:2", ["[::1]:1", "[2001:db8::1]:2"]],
    ["unix:/run/orders.sock", ["localhost"]],
    ["unix:///run/orders.sock", ["localhost"]],
    ["unix-abstract:orders", ["localhost"]],
    ["orders", ["orders"]],
  ])("%s leads to %j", (target, hosts) => {
    expect(hostsOfTarget(target)).toEqual(hosts);
  });
});

describe("hostToJudge", () => {
  const isTarget = ({ peer }: { readonly peer: string }) => peer.startsWith("10.");

  test.each<[string[], string]>([
    [["10.0.0.1"], "10.0.0.1"],
    [["10.0.0.1", "10.0.0.2"], "10.0.0.1"],
    [["10.0.0.1", "8.8.8.8"], "8.8.8.8"],
    [[], ""],
  ])("of %j is %s", (hosts, judged) => {
    expect(hostToJudge(hosts, isTarget)).toBe(judged);
  });
});
