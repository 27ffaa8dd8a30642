import type { KubernetesResource } from "@puggle/mesh-config";

/** What of a Pod this node goes by. */
export interface PodObject extends KubernetesResource {
  readonly metadata: KubernetesResource["metadata"] & {
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly ContainerObject[] };
}

export interface ContainerObject {
  readonly name: string;
  /** Run as it is on this machine: images are not looked at. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly readinessProbe?: { readonly httpGet?: { readonly port: number; readonly path?: string } };
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
}

interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

/** A container's environment, with what it asks to know of its own pod. */
export function environmentOf({ env = [] }: ContainerObject, pod: PodObject, address: string): NodeJS.ProcessEnv {
  const { name, namespace, labels = {} } = pod.metadata;
  const read = ({ name: variable, value, valueFrom }: EnvironmentVariable): string => {
    const path = valueFrom?.fieldRef?.fieldPath;
    if (path === undefined) return value ?? "";
    const label = /^metadata\.labels\['(.+)'\]$/.exec(path)?.[1];
    const known: Record<string, string> = { "metadata.name": name, "metadata.namespace": namespace, "status.podIP": address };
    const found = label === undefined ? known[path] : (labels[label] ?? "");
    if (found === undefined)
      throw new Error(`pod ${namespace}/${name}: the variable ${variable} is to hold ${path}, which this node does not know`);
    return found;
  };
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    HOSTNAME: name,
    ...Object.fromEntries(env.map((one) => [one.name, read(one)])),
  };
}
