import type { IncomingMessage } from "node:http";

/** What every service of the shop answers: who it is, which header it was sent, and what the services that it called answered. */
export interface Answer {
  readonly service: string;
  /** `default`, or the virtual cluster whose member answered. */
  readonly version: string;
  /** The `virtual-cluster-name` header that arrived here. */
  readonly header: string | null;
  /** How it is made: its framework, and what it calls others with. */
  readonly madeOf: string;
  readonly calls: readonly unknown[];
}

/** A member's container is told by its environment which virtual cluster it belongs to. */
export const version = process.env.VIRTUAL_CLUSTER_NAME ?? "default";

export function answer(request: IncomingMessage, service: string, madeOf: string, calls: readonly unknown[] = []): Answer {
  return { service, version, header: request.headers["virtual-cluster-name"]?.toString() ?? null, madeOf, calls };
}
