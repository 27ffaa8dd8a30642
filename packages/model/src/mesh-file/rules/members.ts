import type { Member, Service } from "../../schema.ts";
import type { Declared, DeclaredVirtualCluster } from "../declarations.ts";

import { nearestWord } from "../nearest-word.ts";
import { formatPlace, type MeshFileProblem, type Place } from "../problem.ts";
import { FirstClaims } from "./first-claims.ts";

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

type Lookup = { readonly service: Service } | { readonly problem: Pick<MeshFileProblem, "code" | "message" | "fix"> };

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

function serviceLookup(services: readonly Service[]): (reference: string) => Lookup {
  const byId = new Map(services.map((service) => [`${service.namespace}/${service.name}`, service]));
  const byName = Map.groupBy(byId.values(), ({ name }) => name);
  const answers = new Map<string, Lookup>();

  function find(reference: string): Lookup {
    const exact = byId.get(reference);
    if (exact !== undefined) return { service: exact };
    const [only, ...others] = byName.get(reference) ?? [];
    if (only !== undefined && others.length === 0) return { service: only };
    if (only !== undefined) {
      const ids = [only, ...others].map(({ namespace }) => `'${namespace}/${reference}'`).toSorted();
      const message = `the service '${reference}' exists in ${ids.length} namespaces`;
      return { problem: { code: "ambiguous-service", message, fix: `write ${ids.join(" or ")}` } };
    }
    const nearest = nearestWord(reference, reference.includes("/") ? byId.keys() : byName.keys());
    const fix = nearest === undefined ? "declare it under 'services'" : `did you mean '${nearest}'?`;
    return { problem: { code: "unknown-service", message: `no service is called '${reference}'`, fix } };
  }

  return (reference) => {
    const answer = answers.get(reference) ?? find(reference);
    answers.set(reference, answer);
    return answer;
  };
}
