import { isIP } from "node:net";

const PLAIN_NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
const ENDS_IN_A_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/;

/**
 * One spelling for each host: lower case, no trailing dot, no brackets, no IPv6 zone, and IPv4 in four decimal parts.
 * `undefined` for text that is no host.
 *
 * The last matters for safety: `134744072` looks like a single-label name and is 8.8.8.8 to a resolver. The WHATWG URL Standard
 * (section 3.5, "ends in a number checker") says which names are addresses in disguise, and its parser says which address.
 */
export function canonicalHost(text: string): string | undefined {
  let host = text.toLowerCase();
  if (host.startsWith("[") && host.endsWith("]")) host = host.slice(1, -1);
  if (host.includes(":")) {
    const address = host.replace(/%.*$/, "");
    return isIP(address) === 6 ? address : undefined;
  }
  if (host.endsWith(".")) host = host.slice(0, -1);
  if (isIP(host) === 4) return host;
  if (PLAIN_NAME.test(host) && !ENDS_IN_A_NUMBER.test(host)) return host;
  return parsedByUrl(host);
}

/** The host of an authority such as `orders:8080`, `[::1]:80` or `user@orders`; `undefined` where there is none. */
export function hostOfAuthority(authority: string): string | undefined {
  const withoutUser = authority.slice(authority.lastIndexOf("@") + 1);
  return canonicalHost(withoutUser.replace(/:\d*$/, (port) => (isIP(withoutUser) === 6 ? port : "")));
}

/** The host of an absolute URL; `undefined` where there is none. */
export function hostOfUrl(url: string): string | undefined {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\\]*)/i.exec(url)?.[1];
  return authority === undefined ? undefined : hostOfAuthority(authority);
}

function parsedByUrl(host: string): string | undefined {
  // Text such as "a/b" or "a@b" would parse as more than a host.
  if (/[\s/?#@\\:]/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`).hostname.replace(/\.$/, "");
}
