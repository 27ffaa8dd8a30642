import type { TargetJudge } from "../../targets/judge.ts";

/** A target as gRPC's naming document has it: `scheme:path`, or `scheme://authority/path`, whose authority is that of a name server. */
const TARGET = /^([a-z][a-z0-9+.-]*):(?:\/\/[^/]*\/)?(.+)$/is;

/**
 * The hosts, with their ports, that a channel's target may lead to: `orders:50051` for `dns:///orders:50051`. Sockets of this machine
 * (`unix`, `unix-abstract`, `vsock`) are `localhost`, as they are for `node:http`.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/naming.md
 */
export function hostsOfTarget(target: string): readonly string[] {
  const [, scheme = "", path = target] = TARGET.exec(target) ?? [];
  switch (scheme.toLowerCase()) {
    case "unix":
    case "unix-abstract":
    case "vsock":
      return ["localhost"];
    case "ipv4":
    case "ipv6":
      return path.split(",");
    case "dns":
      // A scheme that gRPC does not know it takes for a part of a DNS name.
      return /^[a-z][a-z0-9+.-]*:\/\//i.test(path) ? hostsOfTarget(path) : [path];
    default:
      return [path];
  }
}

/** The host to judge a channel by: where it may lead to several, one that is no target, if there is one. */
export function hostToJudge(hosts: readonly string[], isTarget: TargetJudge): string {
  const [first = ""] = hosts;
  if (hosts.length <= 1) return first;
  return hosts.find((peer) => !isTarget({ peer, path: "/", hostHeader: undefined })) ?? first;
}
