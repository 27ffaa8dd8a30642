/** What went wrong, as a word that programs can rely on. */
export type PropagationErrorCode =
  | "PUGGLE_INVALID_ARGUMENT"
  | "PUGGLE_INVALID_NAME"
  | "PUGGLE_INVALID_OPTION"
  | "PUGGLE_INVALID_TARGET"
  | "PUGGLE_NOT_GRPC"
  | "PUGGLE_NOT_UNDICI";

/**
 * The one error class of this library. It is thrown only to who calls the library, never from a hook into a service's own
 * calls.
 */
export class PropagationError extends Error {
  override readonly name = "PropagationError";
  readonly code: PropagationErrorCode;

  constructor(code: PropagationErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What somebody gave in place of what was asked for, in an error's words. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
