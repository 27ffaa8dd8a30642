import { createSocket } from "node:dgram";
import type { KubernetesResource } from "@puggle/mesh-config";
import { decode, encode, type Packet, type Question } from "dns-packet";

const CLUSTER_DOMAIN = ".svc.cluster.local";
const NO_SUCH_NAME = 3;

export interface ClusterDns {
  readonly stop: () => Promise<void>;
}

export interface ClusterDnsOptions {
  readonly address: string;
  readonly services: () => Iterable<KubernetesResource>;
  /** Where every name leads that is none of the cluster's. */
  readonly outside: () => string | undefined;
}

/** Answers what pods ask for: a Service's name by its cluster address, and every name outside the cluster by one address. */
export async function startClusterDns({ address, services, outside }: ClusterDnsOptions): Promise<ClusterDns> {
  const socket = createSocket("udp4");
  const resolve = (name: string): string | undefined => {
    if (!name.endsWith(CLUSTER_DOMAIN)) return name.endsWith(".local") ? undefined : outside();
    const [service, namespace, ...more] = name.slice(0, -CLUSTER_DOMAIN.length).split(".");
    if (more.length > 0) return undefined;
    for (const { metadata, spec } of services())
      if (metadata.name === service && metadata.namespace === namespace) return addressOf(spec as { readonly clusterIP: string });
    return undefined;
  };
  socket.on("message", (message, from) => {
    const query = read(message);
    if (query === undefined) return;
    const [question] = query.questions ?? [];
    const found = question === undefined ? undefined : resolve(question.name.toLowerCase());
    const answers = found === undefined || question?.type !== "A" ? [] : [answerTo(question, found)];
    const flags = 0x0580 | (found === undefined ? NO_SUCH_NAME : 0);
    socket.send(encode({ type: "response", id: query.id ?? 0, flags, questions: query.questions ?? [], answers }), from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address, port: 53, exclusive: true }, resolve);
  });
  return { stop: () => new Promise((resolve) => socket.close(() => resolve())) };
}

/** What is no query is nobody's. */
function read(message: Buffer): Packet | undefined {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}

/** A headless Service has none. */
function addressOf({ clusterIP }: { readonly clusterIP: string }): string | undefined {
  return clusterIP === "None" ? undefined : clusterIP;
}

function answerTo({ name }: Question, data: string) {
  return { type: "A" as const, name, ttl: 1, data };
}
