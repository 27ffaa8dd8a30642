import type { Stats } from "@puggle/propagation";
import type { Operation } from "./isolation-operations.ts";
import type { Hop, HopLog } from "./matrix/servers/hops.ts";

/** How often something was found, and the first few. */
interface Faults {
  count: number;
  readonly first: string[];
}

/** What servers saw of the operations, what the calling code saw, and what the library counted. */
export interface Findings {
  readonly operations: number;
  readonly ways: number;
  readonly seconds: number;
  readonly resets: number;
  /** Inbound requests that failed, though nobody aborted them. */
  readonly failedRequests: number;
  /** Operations that ended with an error. */
  readonly failed: number;
  /** Operations with a name that were called from nobody's context. */
  readonly careless: number;
  /** Requests that came to a target with their own name, and with a name to a stranger without it. */
  readonly arrived: number;
  readonly keptBack: number;
  /** Operations with a name of which no server saw a request. */
  readonly neverCame: number;
  /** Names of others at a target; names at a stranger; names that were missing, of careless operations and of others. */
  readonly wrong: Faults;
  readonly leaked: Faults;
  readonly lostByCarelessness: Faults;
  readonly lost: Faults;
  /** Code of a call that found another name than its own. */
  readonly strayed: Faults;
  readonly neverEnded: Faults;
  /** What the library counted since it started. */
  readonly stats: Stats;
}

const FIRST = 5;

function note(faults: Faults, text: string): void {
  faults.count += 1;
  if (faults.first.length < FIRST && !faults.first.includes(text)) faults.first.push(text);
}

const none = (): Faults => ({ count: 0, first: [] });

/** Compares what servers saw with what each operation was to be. */
export function judgeOperations(done: readonly Operation[], log: HopLog) {
  const faults = { wrong: none(), leaked: none(), lostByCarelessness: none(), lost: none(), strayed: none(), neverEnded: none() };
  let [arrived, keptBack, neverCame] = [0, 0, 0];
  for (const { id, way, kind, name, outcome, strayed } of done) {
    const tell = (hop: Hop) => `${way}, ${kind}: ${hop.names.join() || "none"} at a ${hop.place} for ${name ?? "none"}`;
    const hops = log.take(id);
    if (name !== undefined && hops.length === 0) neverCame += 1;
    for (const hop of hops) {
      if (hop.place === "stranger") {
        if (hop.names.length > 0) note(faults.leaked, tell(hop));
        else if (name !== undefined) keptBack += 1;
      } else if (hop.names.length > 1 || (hop.names.length === 1 && hop.names[0] !== name)) note(faults.wrong, tell(hop));
      else if (hop.names.length === 1) arrived += 1;
      else if (name !== undefined) note(kind === "careless" ? faults.lostByCarelessness : faults.lost, tell(hop));
    }
    if (strayed !== undefined) note(faults.strayed, `${way}, ${kind}, ${outcome}: ${strayed} for ${name ?? "none"}`);
    if (outcome === "never ended") note(faults.neverEnded, `${way}, ${kind}`);
  }
  return { ...faults, arrived, keptBack, neverCame };
}
