import { hostOfAuthority, hostOfUrl } from "./host.ts";
import type { HostMatcher } from "./pattern.ts";

/** Where a request says that it goes. */
export interface Destination {
  /** The host or origin that the connection is for: `orders`, `http://orders:8080`. */
  readonly peer: string;
  /**
   * The host or origin that the connection is really opened to, where that may be another one than the request names: an agent's or a
   * client's own. A proxy's is not looked at.
   */
  readonly connectedTo?: string | undefined;
  /** The request target as it stands in the first line. A proxy request has a whole URL here, and that is where it really goes. */
  readonly path: string;
  /** The `Host` header, where the caller set one. */
  readonly hostHeader: string | undefined;
}

/** Answers whether a request may carry the header. */
export type TargetJudge = (destination: Destination) => boolean;

const REMEMBERED = 256;
/** What a proxy is asked for begins so; whether it is a URL that everybody reads alike is judged with its host. */
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Judges by where the request really goes: the host of the URL of a proxy request, or else the host that the connection is for.
 * Where a `Host` header, an agent or a client names another one, each has to be a target.
 */
export function createJudge(matches: HostMatcher): TargetJudge {
  const remembered = new Map<string, boolean>();

  function isTarget(place: string): boolean {
    const known = remembered.get(place);
    if (known !== undefined) return known;
    const host = place.includes("://") ? hostOfUrl(place) : hostOfAuthority(place);
    const answer = host !== undefined && host !== "" && matches(host);
    // Forgetting everything now and then bounds the memory, whatever hosts a service calls.
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(place, answer);
    return answer;
  }

  return ({ peer, connectedTo, path, hostHeader }) => {
    const isProxied = path.charCodeAt(0) !== 47 && SCHEME.test(path);
    if (!isTarget(isProxied ? originOf(path) : peer)) return false;
    if (connectedTo !== undefined && !isProxied && !isTarget(connectedTo)) return false;
    return hostHeader === undefined || isTarget(hostHeader);
  };
}

/** Without the path, so that what is remembered does not grow with paths. Nothing where a scheme is not followed by a host. */
function originOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#\\]*/i.exec(url)?.[0] ?? "";
}
