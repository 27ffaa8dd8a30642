export type Direction = "egress" | "ingress";

/** `icmp` is ICMP for IPv4 and ICMPv6 for IPv6. */
export type Protocol = "tcp" | "udp" | "sctp" | "icmp";

/** Inclusive; from 0 to 65535. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** How probable, from 0 to 1, and how much a packet's fate hangs on that of the packet before, from 0 to 1. */
export interface Chance {
  readonly probability: number;
  readonly correlation: number;
}

/** Each packet by itself (`random`), or in bursts, by the two models of tc-netem(8). All numbers are probabilities from 0 to 1. */
export type Loss =
  | ({ readonly kind: "random" } & Chance)
  /** Gilbert-Elliott: `p` into the bad state, `r` out of it; what is lost in the bad state, and in the good. */
  | { readonly kind: "gemodel"; readonly p: number; readonly r: number; readonly lostWhenBad: number; readonly lostWhenGood: number }
  /** Four states, by the probabilities of going from one to another. */
  | {
      readonly kind: "state";
      readonly p13: number;
      readonly p31: number;
      readonly p32: number;
      readonly p23: number;
      readonly p14: number;
    };

export type Distribution = "uniform" | "normal" | "pareto" | "paretonormal";

/** A worse network, as netem knows it. */
export interface Degradation {
  readonly kind: "degradation";
  /** In microseconds; 0 for none. */
  readonly delayUs: number;
  /** In microseconds, at most `delayUs`. */
  readonly jitterUs: number;
  /** From 0 to 1: how much a packet's delay hangs on that of the packet before. */
  readonly delayCorrelation: number;
  /** Of the jitter; `uniform` where left out. */
  readonly distribution?: Distribution;
  readonly loss?: Loss;
  readonly duplicate?: Chance;
  readonly corrupt?: Chance;
  /** Packets that go at once, before those that are delayed. `gap`: only each gap-th packet may. */
  readonly reorder?: Chance & { readonly gap?: number };
  /** In bits a second, of layer-2 bytes. */
  readonly rate?: number;
  /** How long a packet waits for the rate at most, in microseconds; only with `rate`, and {@link DEFAULT_QUEUE_US} where left out. */
  readonly queueUs?: number;
  /** Of the random numbers: a whole number from 0 to 2^64 - 1. */
  readonly seed?: bigint;
}

/** How long packets wait for a rate at most, where a spec says nothing: 50 ms, as tc-tbf(8) has it in its example. */
export const DEFAULT_QUEUE_US = 50_000;

/** Nothing gets through. */
export interface Partition {
  readonly kind: "partition";
}

export type Emulation = Degradation | Partition;

/** Some packets, seen from this side: `ports` are the far end's, `localPorts` this end's, in both directions. */
export interface Peer {
  /** Of IPv4 or IPv6, its host bits cleared. With neither `cidr` nor `host`, every address. */
  readonly cidr?: string;
  readonly host?: string;
  /** Any where left out; with ports, TCP and UDP where left out. */
  readonly protocol?: Protocol;
  /** Any where empty. */
  readonly ports: readonly PortRange[];
  /** Any where empty. */
  readonly localPorts: readonly PortRange[];
}

/** One rule of a spec, its units read. A packet obeys the first rule that matches it. */
export interface SpecRule {
  /** As given, else by its place, as in `egress[0]`. */
  readonly name: string;
  readonly direction: Direction;
  /** Every packet where empty. */
  readonly peers: readonly Peer[];
  readonly except: readonly Peer[];
  readonly emulation: Emulation;
}

/** A spec, read: rules of a direction in the order in which they are obeyed (higher priority first, then as written). */
export interface EmulationSpec {
  readonly rules: readonly SpecRule[];
  /** What passes untouched in both directions, before any rule: probes, and DNS unless the spec asks for it. */
  readonly pass: readonly Peer[];
}

/** Packets of one address family that one filter tells: a {@link Peer} with its host resolved and its lists multiplied out. */
export interface Match {
  readonly family: 4 | 6;
  /** `0.0.0.0/0` or `::/0` for every address. */
  readonly cidr: string;
  readonly protocol?: Protocol;
  readonly ports?: PortRange;
  readonly localPorts?: PortRange;
}

/** A rule that can be told to a kernel. */
export interface Rule {
  readonly name: string;
  readonly direction: Direction;
  readonly matches: readonly Match[];
  readonly except: readonly Match[];
  readonly emulation: Emulation;
}

/** All that one network namespace shall emulate, in the order in which rules are obeyed. */
export interface Rules {
  readonly rules: readonly Rule[];
  readonly pass: readonly Match[];
}
