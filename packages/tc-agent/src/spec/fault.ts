/** Why a value is not what it is meant to be, said of the value, and what to write instead. */
export interface Fault {
  readonly message: string;
  readonly fix: string;
}

/** Did reading a value fail? */
export function isFault(result: unknown): result is Fault {
  return typeof result === "object" && result !== null && "fix" in result;
}
