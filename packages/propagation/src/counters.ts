/** Why a header's value was not taken for the name of a virtual cluster. */
export type NameFault = "empty" | "repeated" | "too-long" | "reserved" | "not-a-dns-label";

/** Why an outbound call does not carry a name. */
export type WithholdReason = "not-a-target" | "caller-set" | "connect" | "uncertain-origin";

/**
 * Plain integers, one for each thing that can happen, and none for each name or host: memory does not grow with traffic.
 * All copies of the library in the process count in the same place.
 */
export interface Counters {
  /** Names taken from an inbound request's header or baggage, or, for a request without one, from the process's own virtual cluster. */
  received: { header: number; baggage: number; environment: number };
  /** Inbound values that were not taken, by reason. `malformed` and `too-large` are about the `baggage` header as a whole. */
  dropped: {
    header: Record<NameFault, number>;
    baggage: Record<NameFault | "malformed" | "too-large", number>;
  };
  /** Inbound requests whose header and baggage named different virtual clusters: the header won. */
  conflicts: number;
  /** Outbound requests that got the header from this library. */
  sent: number;
  /** Outbound requests whose `baggage` named another virtual cluster and was made to agree. */
  baggageRewritten: number;
  /** Outbound requests whose `baggage` had no entry of ours and got one. */
  baggageWritten: number;
  /** Outbound requests with a name to carry that did not get it, by reason. */
  withheld: Record<WithholdReason, number>;
  /** Calls to targets that ran in no scope while a request with a name was in flight. */
  lost: number;
  /** Errors inside this library's hooks, caught so that the service does not see them. */
  failures: number;
}

/** All at zero. */
export function createCounters(): Counters {
  const faults = { empty: 0, repeated: 0, "too-long": 0, reserved: 0, "not-a-dns-label": 0 };
  return {
    received: { header: 0, baggage: 0, environment: 0 },
    dropped: { header: { ...faults }, baggage: { ...faults, malformed: 0, "too-large": 0 } },
    conflicts: 0,
    sent: 0,
    baggageRewritten: 0,
    baggageWritten: 0,
    withheld: { "not-a-target": 0, "caller-set": 0, connect: 0, "uncertain-origin": 0 },
    lost: 0,
    failures: 0,
  };
}
