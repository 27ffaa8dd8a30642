import type { Service } from "@puggle/model";
import { formatReference, type ResourceReference } from "../kubernetes/resource.ts";
import type { Sidecar } from "../routing/istio-resources.ts";
import { scopeOf } from "../routing/sidecar-scope.ts";
import { type UnreachedRule, usualTargets, type WaysToServices } from "./matcher-targets.ts";
import type { MatcherTarget } from "./member-matcher.ts";

/**
 * How requests are led to the members of a service:
 *
 * - `copy`: a VirtualService of Puggle's own has a route for each member. Plain Istio; what it costs a request grows with the members.
 * - `matcher`: an EnvoyFilter has the routes that lead to the baseline, whosever they are, choose by the header.
 */
export type RoutingMode = "copy" | "matcher";

export const ROUTING_MODES: readonly RoutingMode[] = ["copy", "matcher"];

/** From this many members on the last of their routes costs a request some 5 % more CPU time than none, and each further one as much again per 50. */
const MANY_MEMBERS = 50;

export interface RoutingPlan {
  readonly mode: RoutingMode;
  /** Why it is this one, as the end of a sentence. */
  readonly why: string;
  readonly targets: readonly MatcherTarget[];
  /** Rules that lead to the baseline, and can not lead to its members. */
  readonly unreached: readonly UnreachedRule[];
  /** Other people's Sidecars that tell of the baseline and not of its members: a sidecar that is told to choose among these, and knows none, answers 503. */
  readonly hiddenBy: readonly ResourceReference[];
}

interface Situation {
  readonly service: Service;
  readonly host: string;
  readonly members: number;
  readonly membersHost: string;
  readonly sidecars: readonly Sidecar[];
  /** `undefined` where nobody has written routes. */
  readonly ways: WaysToServices | undefined;
  /** What somebody asked for. */
  readonly wanted: RoutingMode | undefined;
}

/** Chooses how a service that has members is routed. */
export function planRouting({ service, host, membersHost, sidecars, members, ways, wanted }: Situation): RoutingPlan {
  const found = ways?.find(host) ?? { targets: usualTargets(service, host), unreached: [], leading: [], owner: undefined };
  const { targets, unreached, leading, owner } = found;
  const hiddenBy = sidecars.filter((one) => hides(one, { service, host, membersHost })).map(({ reference }) => reference);
  const copy = (why: string): RoutingPlan => ({
    mode: "copy",
    why,
    targets: [],
    unreached: leading.map((rule) => ({ rule, why: "the service has a VirtualService of its own, whose routes this rule does not take" })),
    // What VirtualServices lead to, sidecars know.
    hiddenBy: [],
  });
  const matcher = (why: string): RoutingPlan => ({ mode: "matcher", why, targets, unreached, hiddenBy });
  if (service.hosts.length > 0 || service.gateways.length > 0)
    return copy("the mesh file gives it hosts or gateways, which need a VirtualService of its own");
  if (wanted !== undefined) return wanted === "copy" ? copy("it was asked for") : matcher("it was asked for");
  const owners = [...new Set(leading.map(formatReference))];
  const [first, ...more] = owners;
  if (first !== undefined) {
    const others = more.length === 0 ? "leads" : `and ${more.length} more lead`;
    return matcher(`${first} ${others} to it, and stays as it is`);
  }
  if (owner !== undefined) return matcher(`${formatReference(owner)} has its host, and stays as it is`);
  const [hiding] = hiddenBy;
  if (hiding !== undefined)
    return copy(`${formatReference(hiding)} tells of it and not of its members, which a VirtualService makes up for`);
  return members >= MANY_MEMBERS
    ? matcher(`it has ${members} members, and what a request costs does not grow with them`)
    : copy(`it has fewer than ${MANY_MEMBERS} members, for which plain VirtualServices do`);
}

function hides(
  sidecar: Sidecar,
  { service, host, membersHost }: { readonly service: Service; readonly host: string; readonly membersHost: string },
): boolean {
  const { takesInService } = scopeOf(sidecar, sidecar.reference.namespace);
  return takesInService(host, service.namespace) && !takesInService(membersHost, service.namespace);
}
