import { formatPlace, type Place } from "../../documents/index.ts";
import type { Member, Service } from "../../schema.ts";
import type { Declared, DeclaredVirtualCluster } from "../declarations.ts";

import type { MeshFileProblem } from "../problem.ts";
import { FirstClaims } from "./first-claims.ts";
import { serviceLookup } from "./service-lookup.ts";

/** A member whose service is known, and where it is declared. */
export interface ResolvedMember {
  readonly cluster: Declared<DeclaredVirtualCluster>;
  readonly member: Member;
  readonly place: Place;
}

/** The members of all virtual clusters, with what is wrong with those that are left out. */
export interface MemberResolution {
  readonly members: readonly ResolvedMember[];
  readonly problems: readonly MeshFileProblem[];
}

/**
 * Looks up each member's service: by namespace and name, or by the name alone where one namespace only has it.
 *
 * @param hasAllServices - when false some services could not be read, and a service that is not found may be one of those: no problem is told
 */
export function resolveMembers(
  services: readonly Declared<Service>[],
  virtualClusters: readonly Declared<DeclaredVirtualCluster>[],
  hasAllServices: boolean,
): MemberResolution {
  const lookUp = serviceLookup(services.map(({ value }) => value));
  const members: ResolvedMember[] = [];
  const problems: MeshFileProblem[] = [];
  for (const cluster of virtualClusters) {
    const claims = new FirstClaims<Place>();
    for (const [index, member] of cluster.value.members.entries()) {
      const found = lookUp(member.service);
      if ("problem" in found) {
        if (hasAllServices) problems.push({ ...cluster.place("members", index, "service"), ...found.problem });
        continue;
      }
      const { namespace, name } = found.service;
      const place = cluster.place("members", index, "service");
      const first = claims.claim(`${namespace}/${name}`, place);
      if (first === undefined) members.push({ cluster, member: { ...member, namespace, service: name }, place });
      else {
        const message = `the virtual cluster '${cluster.value.name}' already has a member of '${namespace}/${name}' at ${formatPlace(first)}`;
        problems.push({ ...place, code: "duplicate-member", message, fix: "keep one of them" });
      }
    }
  }
  return { members, problems };
}
