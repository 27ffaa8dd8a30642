/** A call that a service is to make. */
export interface Call {
  readonly method: string;
  readonly url: string;
  /** Set by the service itself. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a service says of a request that reached it. */
export interface Arrival {
  readonly pod: string;
  readonly host: string;
  readonly path: string;
  /** The virtual cluster's name with which it arrived. */
  readonly header: string | null;
  /** What came of the call that it made then. */
  readonly next: { readonly status: number; readonly location: string | null; readonly arrival: Arrival | null } | null;
}
