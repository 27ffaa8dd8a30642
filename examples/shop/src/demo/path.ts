/** One service on the way of a request, and the header that arrived there. */
export interface Hop {
  /** `pricing` for the baseline, `pricing@team-blue` for a member, the host's name for what is outside the mesh. */
  readonly at: string;
  /** The `virtual-cluster-name` header that arrived; for a cron, the name that its process knew. */
  readonly header: string | null;
}

/** A {@link Hop} as it was seen. */
export interface SeenHop extends Hop {
  readonly madeOf: string;
  /** The headers that arrived, where the host tells them. */
  readonly received?: Readonly<Record<string, unknown>>;
}

/** An answer that does not tell the path. */
export class UnreadableAnswerError extends Error {
  override readonly name = "UnreadableAnswerError";
  readonly code = "UNREADABLE_ANSWER";
}

/**
 * Reads the path of a request out of the answer of the first service on it.
 *
 * @throws {UnreadableAnswerError} Where a service's part of it is not what the shop's services answer.
 */
export function readPath(answer: unknown): SeenHop[] {
  if (!isRecord(answer) || typeof answer.service !== "string" || typeof answer.version !== "string" || !Array.isArray(answer.calls)) {
    throw new UnreadableAnswerError(`no service of the shop answers ${JSON.stringify(answer)?.slice(0, 200)}`);
  }
  const { service, version, calls } = answer;
  const hop: SeenHop = {
    at: version === "default" || version === "outside" ? service : `${service}@${version}`,
    header: typeof answer.header === "string" ? answer.header : null,
    madeOf: String(answer.madeOf),
    ...(isRecord(answer.received) ? { received: answer.received } : {}),
  };
  return [hop, ...calls.flatMap(readPath)];
}

/** `web → catalog@pr-42 → pricing`. */
export function formatPath(hops: readonly Hop[]): string {
  return hops.map(({ at }) => at).join(" → ");
}

/** Is what was seen what was expected: the same services, and at each the same header? */
export function isSamePath(seen: readonly Hop[], expected: readonly Hop[]): boolean {
  return (
    seen.length === expected.length && seen.every((hop, index) => hop.at === expected[index]?.at && hop.header === expected[index]?.header)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
