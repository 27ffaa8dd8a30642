import { BlockList, isIP } from "node:net";
import { PropagationError } from "../errors.ts";
import { canonicalHost } from "./host.ts";

/**
 * The hosts that may receive the header when nothing else is said: what is inside a cluster or on this machine, and no public name.
 *
 * | pattern | what it stands for |
 * |---|---|
 * | `<local>` | a name of a single label, such as `orders` |
 * | `*.svc`, `*.cluster.local` | Kubernetes services |
 * | `*.internal`, `*.localhost` | names that are reserved for private use (ICANN's `.internal`, RFC 6761) |
 * | `127.0.0.0/8`, `::1`, `0.0.0.0` | loopback, and this host |
 * | `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16`, `fc00::/7` | private addresses (RFC 1918, RFC 4193) |
 *
 * Link-local addresses are not among them: behind `169.254.169.254` is the cloud's metadata service.
 */
export const defaultTargets: readonly string[] = Object.freeze([
  "<local>",
  "*.svc",
  "*.cluster.local",
  "*.internal",
  "*.localhost",
  "127.0.0.0/8",
  "::1",
  "0.0.0.0",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "fc00::/7",
]);

/** Answers whether a canonical host is covered. */
export type HostMatcher = (host: string) => boolean;

/**
 * Makes one matcher of a list of patterns: a host, `*.suffix`, an IP address, a CIDR range, `<local>`, or `<default>` for
 * {@link defaultTargets}.
 *
 * @throws {@link PropagationError} `PUGGLE_INVALID_TARGET` for a pattern that is none of these.
 */
export function compileTargets(patterns: readonly string[]): HostMatcher {
  const names = new Set<string>();
  const suffixes: string[] = [];
  const addresses = new BlockList();
  let singleLabels = false;

  for (const pattern of patterns.flatMap((each) => (each === "<default>" ? defaultTargets : [each]))) {
    const text = pattern.trim().toLowerCase();
    if (text === "<local>") singleLabels = true;
    else if (text.includes("/")) addRange(addresses, text);
    else if (text.startsWith("*.")) suffixes.push(`.${readSuffix(text.slice(2), pattern)}`);
    else {
      const host = readName(text, pattern);
      if (isIP(host) === 0) names.add(host);
      else addresses.addAddress(host, familyOf(host));
    }
  }

  return (host) => {
    if (isIP(host) !== 0) return addresses.check(host, familyOf(host));
    if (names.has(host)) return true;
    if (singleLabels && !host.includes(".")) return true;
    return suffixes.some((suffix) => host.endsWith(suffix));
  };
}

function readSuffix(text: string, pattern: string): string {
  const host = readName(text, pattern);
  // Nothing stands before an address.
  if (isIP(host) !== 0) throw invalid(pattern);
  return host;
}

function readName(text: string, pattern: string): string {
  const host = /[*<>:/@\s]/.test(isIP(stripBrackets(text)) === 0 ? text : "") ? undefined : canonicalHost(text);
  if (host === undefined) throw invalid(pattern);
  return host;
}

function addRange(addresses: BlockList, text: string): void {
  const [address = "", bits = "", ...rest] = text.split("/");
  const family = isIP(address);
  const prefix = /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (family === 0 || rest.length > 0 || !(prefix <= (family === 4 ? 32 : 128))) throw invalid(text);
  addresses.addSubnet(address, prefix, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}

function stripBrackets(text: string): string {
  return text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
}

function invalid(pattern: string): PropagationError {
  return new PropagationError(
    "PUGGLE_INVALID_TARGET",
    `"${pattern}" is no target: write a host without a port (orders.svc), a suffix (*.svc), an address (10.1.2.3), a range (10.0.0.0/8), <local> or <default>`,
  );
}
