/**
 * The words that every part of Puggle shares and that need no dependency: the header's name and the grammar of a virtual cluster's name.
 *
 * This entry (`@puggle/model/grammar`) imports nothing, so that a service which only propagates the header carries no schema library with it.
 */

/** The HTTP header (and message header) that carries the name of the virtual cluster, in lower case as HTTP/2 wants it. */
export const VIRTUAL_CLUSTER_HEADER = "virtual-cluster-name";

/** The key of the entry in a W3C `baggage` header that carries the same name, for services that run plain OpenTelemetry. */
export const VIRTUAL_CLUSTER_BAGGAGE_KEY = "virtual-cluster-name";

/** The environment variable that a member's pod carries. */
export const VIRTUAL_CLUSTER_ENVIRONMENT_VARIABLE = "VIRTUAL_CLUSTER_NAME";

/** The `version` label of the shared version of a service; for that reason it can not be a virtual cluster's name. */
export const BASELINE_VERSION = "default";

/** The longest name, in characters: a DNS-1123 label (RFC 1123, section 2.1; RFC 1035, section 2.3.4). */
export const VIRTUAL_CLUSTER_NAME_MAX_LENGTH = 63;

const DNS_1123_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Why a value is no virtual cluster's name. */
export type VirtualClusterNameFault = "empty" | "repeated" | "too-long" | "reserved" | "not-a-dns-label";

/** Is this a DNS-1123 label: 1 to 63 of `a-z`, `0-9` and `-`, not beginning or ending with `-`? */
export function isDnsLabel(value: string): boolean {
  return DNS_1123_LABEL.test(value);
}

/** Is this the name of a virtual cluster: a DNS-1123 label, and not `default`? */
export function isVirtualClusterName(value: string): boolean {
  return value !== BASELINE_VERSION && DNS_1123_LABEL.test(value);
}

/**
 * Says what is wrong with a value that is meant to be a virtual cluster's name, or `undefined` where nothing is.
 *
 * A value with a comma is called `repeated`: HTTP joins the values of a header that was sent twice with a comma (RFC 9110, section 5.3).
 *
 * @example
 * ```ts
 * findVirtualClusterNameFault("pr-42"); // undefined
 * findVirtualClusterNameFault("pr-42, pr-43"); // "repeated"
 * ```
 */
export function findVirtualClusterNameFault(value: string): VirtualClusterNameFault | undefined {
  if (isVirtualClusterName(value)) return undefined;
  if (value === "") return "empty";
  if (value === BASELINE_VERSION) return "reserved";
  if (value.includes(",")) return "repeated";
  if (value.length > VIRTUAL_CLUSTER_NAME_MAX_LENGTH) return "too-long";
  return "not-a-dns-label";
}
