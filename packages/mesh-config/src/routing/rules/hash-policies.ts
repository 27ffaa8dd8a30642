import type { MergedRule } from "../destination-rules.ts";
import type { ConsistentHashSpec, TrafficPolicySpec } from "../istio-resources.ts";
import type { HashPolicy } from "../table.ts";
import { toMilliseconds } from "./durations.ts";

/** By what a host's rule binds requests to endpoints: the subset's word for the port, its word for every port, then the same of the host. */
export function compileHashPolicies(
  rule: MergedRule | undefined,
  subset: string | undefined,
  port: number | undefined,
): readonly HashPolicy[] {
  const ofHost = rule?.trafficPolicy;
  const ofSubset = rule?.subsets.find(({ name }) => name === subset)?.trafficPolicy;
  const found = hashOfPort(ofSubset, port) ?? hashOf(ofSubset) ?? hashOfPort(ofHost, port) ?? hashOf(ofHost);
  const policy = found === undefined ? undefined : compileHashPolicy(found);
  return policy === undefined ? [] : [policy];
}

function hashOf(policy: TrafficPolicySpec | undefined): ConsistentHashSpec | undefined {
  return policy?.loadBalancer?.consistentHash;
}

function hashOfPort(policy: TrafficPolicySpec | undefined, port: number | undefined): ConsistentHashSpec | undefined {
  if (port === undefined) return undefined;
  return policy?.portLevelSettings?.find((setting) => setting.port?.number === port)?.loadBalancer?.consistentHash;
}

function compileHashPolicy({
  httpHeaderName,
  httpCookie,
  useSourceIp,
  httpQueryParameterName,
}: ConsistentHashSpec): HashPolicy | undefined {
  if (httpHeaderName !== undefined) return { kind: "header", name: httpHeaderName };
  if (httpCookie !== undefined) {
    const { name, path = "", ttl } = httpCookie;
    return { kind: "cookie", name, path, ttlMs: ttl === undefined ? undefined : toMilliseconds(ttl) };
  }
  if (httpQueryParameterName !== undefined) return { kind: "query-parameter", name: httpQueryParameterName };
  return useSourceIp === true ? { kind: "source-address" } : undefined;
}
