import type { OwnAnswer } from "../table.ts";
import type { HttpRuleSpec } from "./schema.ts";

const REDIRECT_CODES = [301, 302, 303, 307, 308];

/**
 * What the proxy answers by itself: a redirect, or a response that the rule holds. `undefined` for a rule that forwards.
 *
 * @param port - of the listener, which a redirect may keep.
 */
export function compileAnswer({ redirect, directResponse }: HttpRuleSpec, port: number): OwnAnswer | undefined {
  if (redirect !== undefined) {
    const { redirectCode = 301, uri = "", authority = "", scheme = "" } = redirect;
    if (!REDIRECT_CODES.includes(redirectCode)) return { kind: "none" };
    return { kind: "redirect", status: redirectCode, path: uri, authority, scheme, port: portOf(redirect, scheme || "http", port) };
  }
  if (directResponse === undefined) return undefined;
  const { status, body } = directResponse;
  if (body?.bytes !== undefined) return { kind: "response", status, body: { kind: "base64", value: body.bytes } };
  return { kind: "response", status, body: body?.string === undefined ? undefined : { kind: "text", value: body.string } };
}

/** Undefined where it is the one that the scheme has anyway, or the redirect does not say. */
function portOf(redirect: NonNullable<HttpRuleSpec["redirect"]>, scheme: string, listenPort: number): number | undefined {
  const named = redirect.derivePort === "FROM_REQUEST_PORT" ? listenPort : redirect.port;
  const isImplied = (named === 80 && scheme === "http") || (named === 443 && scheme === "https");
  return isImplied || named === 0 ? undefined : named;
}
