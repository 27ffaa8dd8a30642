/** The limits of the W3C Baggage specification (section 3.3.2). */
export const MAX_BYTES = 8192;
export const MAX_MEMBERS = 180;

/** One list-member of a `baggage` header. */
export interface BaggageMember {
  /** As it stands in the header, with its spaces. */
  readonly text: string;
  readonly key: string;
  /** Still percent-encoded; `undefined` where the member has no `=`. */
  readonly value: string | undefined;
  /** From the first `;` on, as it stands. */
  readonly properties: string;
}

/**
 * Cuts a `baggage` header into its members (W3C Baggage, section 3.3.1: `key=value;property,...`). Neither values nor
 * properties can hold a comma.
 */
export function membersOf(header: string): BaggageMember[] {
  return header.split(",").map((text) => {
    const semicolon = text.indexOf(";");
    const pair = semicolon === -1 ? text : text.slice(0, semicolon);
    const equals = pair.indexOf("=");
    return {
      text,
      key: (equals === -1 ? pair : pair.slice(0, equals)).trim(),
      value: equals === -1 ? undefined : pair.slice(equals + 1).trim(),
      properties: semicolon === -1 ? "" : text.slice(semicolon),
    };
  });
}
