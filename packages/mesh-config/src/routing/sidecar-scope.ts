import type { ResourceReference } from "../kubernetes/resource.ts";
import { ROOT_NAMESPACE } from "./compilation.ts";
import type { RoutingResources, Sidecar } from "./istio-resources.ts";
import { resolveHost } from "./registry.ts";
import type { VirtualService } from "./rules/delegates.ts";
import type { MeshProxy, Unread } from "./table.ts";

const EVERY_NAMESPACE = "*";
const OWN_NAMESPACE = ".";
const EXCLUDES = "~";
const NOT_COMPILED = "is not compiled, and may decide otherwise";

/** What of the mesh a sidecar is told of, as its Sidecar resource says: all where there is none. */
export interface SidecarScope {
  readonly source: ResourceReference | undefined;
  /** Is what the mesh does not know shut out, and not passed through? */
  readonly isRegistryOnly: boolean;
  /** Is a host of a Service or ServiceEntry in this namespace among it? */
  readonly takesInService: (host: string, namespace: string) => boolean;
  /** Is a VirtualService of this namespace with these hosts, by their full names? */
  readonly takesInVirtualService: (hosts: readonly string[], namespace: string) => boolean;
}

const EVERYTHING: SidecarScope = {
  source: undefined,
  isRegistryOnly: false,
  takesInService: () => true,
  takesInVirtualService: () => true,
};

/** Reads the Sidecar resource that is for a proxy, if there is one; gateways have none. */
export function findScope(resources: RoutingResources, proxy: MeshProxy, unread: Unread[]): SidecarScope {
  const found = proxy.kind === "gateway" ? undefined : findSidecarResource(resources.sidecars, proxy);
  return found === undefined ? EVERYTHING : scopeOf(found, proxy.namespace, unread);
}

/** What a Sidecar tells the sidecars of a namespace of, if it is for them. */
export function scopeOf({ reference, spec }: Sidecar, namespace: string, unread: Unread[] = []): SidecarScope {
  const { egress, outboundTrafficPolicy } = spec;
  egress.forEach((listener, index) => {
    for (const field of ["port", "bind", "captureMode"])
      if (listener[field] !== undefined) unread.push({ resource: reference, field: `spec.egress.${index}.${field}`, why: NOT_COMPILED });
  });
  if (outboundTrafficPolicy?.egressProxy !== undefined)
    unread.push({ resource: reference, field: "spec.outboundTrafficPolicy.egressProxy", why: NOT_COMPILED });
  const source = reference;
  const isRegistryOnly = outboundTrafficPolicy?.mode === "REGISTRY_ONLY";
  const open = egress.find(({ port }) => port === undefined);
  if (egress.length === 0 || open === undefined) return { ...EVERYTHING, source, isRegistryOnly };
  const entries = open.hosts.flatMap((entry) => readEntry(entry, namespace));
  const isExcluded = (host: string, owner: string) =>
    entries.some((entry) => entry.isExcluded && isFor(entry, owner) && isPartOf(host, entry.host));
  const among = (owner: string) => entries.filter((entry) => !entry.isExcluded && isFor(entry, owner));
  return {
    source,
    isRegistryOnly,
    takesInService: (host, owner) => !isExcluded(host, owner) && among(owner).some((entry) => isPartOf(host, entry.host)),
    takesInVirtualService: (hosts, owner) =>
      hosts.some((host) => !isExcluded(host, owner) && among(owner).some((entry) => overlaps(host, entry.host))),
  };
}

/** Those with a selector come first, each kind by age; the root's holds for namespaces that have none. */
function findSidecarResource(sidecars: readonly Sidecar[], { namespace, labels }: MeshProxy): Sidecar | undefined {
  const byAge = [...sidecars].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const own = byAge.filter(({ reference }) => reference.namespace === namespace);
  const selects = ({ spec }: Sidecar) =>
    spec.workloadSelector !== undefined && Object.entries(spec.workloadSelector.labels).every(([key, value]) => labels[key] === value);
  const isForAll = ({ spec }: Sidecar) => spec.workloadSelector === undefined;
  return own.find(selects) ?? own.find(isForAll) ?? byAge.find((one) => one.reference.namespace === ROOT_NAMESPACE && isForAll(one));
}

function keyOf({ created, reference }: Sidecar): string {
  return `${created} ${reference.name}.${reference.namespace}`;
}

interface Entry {
  readonly namespace: string;
  readonly host: string;
  readonly isExcluded: boolean;
}

/** Reads `<namespace>/<host>`; one that is written otherwise counts for nothing. */
function readEntry(text: string, ownNamespace: string): readonly Entry[] {
  const [written = "", host, ...more] = text.split("/");
  if (host === undefined || more.length > 0) return [];
  const isExcluded = written.startsWith(EXCLUDES);
  const named = isExcluded ? written.slice(EXCLUDES.length) || EVERY_NAMESPACE : written;
  return [{ namespace: named === OWN_NAMESPACE ? ownNamespace : named, host, isExcluded }];
}

function isFor(entry: Entry, namespace: string): boolean {
  return entry.namespace === EVERY_NAMESPACE || entry.namespace === namespace;
}

/** Is a host, which may be a wildcard, all within this one? */
function isPartOf(host: string, of: string): boolean {
  if (!of.startsWith("*")) return host === of;
  return host.startsWith("*") ? host.length >= of.length && host.slice(1).endsWith(of.slice(1)) : host.endsWith(of.slice(1));
}

function overlaps(a: string, b: string): boolean {
  return isPartOf(a, b) || isPartOf(b, a);
}

/** Stands for the port that the caller asked for, whichever that is. */
const PORT_OF_CALLER = 0;

/** What a sidecar learns by rules of the ports of a host that it is not told of by name: all where one rule names none, else those that rules name. */
export function portsLearnt<Port extends { readonly number: number }>(ports: readonly Port[], named: ReadonlySet<number>): readonly Port[] {
  return named.has(PORT_OF_CALLER) ? ports : ports.filter(({ number }) => named.has(number));
}

/**
 * The hosts to which rules lead, with the ports that they name: a sidecar that is told of the rules has to know of their endpoints.
 *
 * @param namespace - of the caller, for the rules that are for it alone; for all rules where left out
 */
export function destinationPorts(
  virtualServices: readonly VirtualService[],
  clusterDomain: string,
  namespace?: string,
): ReadonlyMap<string, ReadonlySet<number>> {
  const ports = new Map<string, Set<number>>();
  for (const { rule, source } of virtualServices.flatMap(({ rules }) => rules)) {
    if (namespace !== undefined && !isForNamespace(rule.match ?? [], namespace)) continue;
    for (const { destination } of [...(rule.route ?? []), ...(rule.mirrors ?? []), { destination: rule.mirror }]) {
      if (destination === undefined) continue;
      const host = resolveHost(destination.host, source.namespace, clusterDomain);
      ports.set(host, (ports.get(host) ?? new Set()).add(destination.port?.number ?? PORT_OF_CALLER));
    }
  }
  return ports;
}

/** Does one of a rule's matches name this namespace, or none any? One that names none beside one that names another does not count to Istio. */
function isForNamespace(matches: readonly { readonly sourceNamespace?: string | undefined }[], namespace: string): boolean {
  const named = matches.flatMap(({ sourceNamespace = "" }) => (sourceNamespace === "" ? [] : [sourceNamespace]));
  return named.length === 0 || named.includes(namespace);
}
