/** Where a command's words go. */
export interface Terminal {
  /** Results. */
  out(text: string): void;
  /** Errors. */
  err(text: string): void;
}
