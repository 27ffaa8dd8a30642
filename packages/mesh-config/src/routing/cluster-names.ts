/** What a cluster of endpoints stands for. */
export interface ClusterParts {
  readonly host: string;
  readonly port: number;
  readonly subset: string | undefined;
}

/** As Istio names it: `outbound|80|pr-42|cart-members.shop.svc.cluster.local`. */
export function clusterName({
  host,
  port,
  subset = "",
}: {
  readonly host: string;
  readonly port: number;
  readonly subset?: string | undefined;
}): string {
  return `outbound|${port}|${subset}|${host}`;
}

/** Reads such a name; `undefined` where it is none. */
export function parseClusterName(name: string): ClusterParts | undefined {
  const [, port, subset, host] = /^outbound\|(\d+)\|([^|]*)\|([^|]+)$/.exec(name) ?? [];
  return port === undefined || host === undefined ? undefined : { host, port: Number(port), subset: subset || undefined };
}
