/** What became of a way on a version of Node.js. */
export type Cell =
  /** Every check that exists for it was kept. */
  | { readonly is: "green" }
  /** It does not exist there. */
  | { readonly is: "absent"; readonly why: string }
  /** These checks were not kept, with what was wrong. */
  | { readonly is: "red"; readonly faults: Readonly<Record<string, string>> };

/** A way in or out, on the version of Node.js that ran. */
export interface WayResult {
  readonly direction: "in" | "out";
  readonly way: string;
  /** The version of the package that has it; none for what Node.js has built in. */
  readonly version?: string | undefined;
  /** The checks that do not exist for it, and why. */
  readonly cannot: Readonly<Record<string, string>>;
  readonly cell: Cell;
}
