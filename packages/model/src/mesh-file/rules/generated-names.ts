import { formatPlace, type Place } from "../../documents/index.ts";
import { MEMBERS_SUFFIX, type Service } from "../../schema.ts";
import type { Declared } from "../declarations.ts";

import type { MeshFileProblem } from "../problem.ts";
import { FirstClaims } from "./first-claims.ts";
import type { ResolvedMember } from "./members.ts";

interface Owner {
  readonly name: string;
  readonly place: Place;
}

/** What is generated for members must not take the name of anything else in its namespace. */
export function findGeneratedNameCollisions(services: readonly Declared<Service>[], members: readonly ResolvedMember[]): MeshFileProblem[] {
  const existing = new Map(services.map((service) => [`${service.value.namespace}/${service.value.name}`, service]));
  return [...findDeploymentCollisions(existing, members), ...findServiceCollisions(existing, members)];
}

function findDeploymentCollisions(existing: ReadonlyMap<string, Declared<Service>>, members: readonly ResolvedMember[]): MeshFileProblem[] {
  const claims = new FirstClaims<Owner>();
  return members.flatMap(({ member, cluster, place }): MeshFileProblem[] => {
    const name = `${member.service}-${cluster.value.name}`;
    const owner = { name: `the member of '${member.service}' in '${cluster.value.name}'`, place };
    const baseline = existing.get(`${member.namespace}/${name}`);
    const first: Owner | undefined =
      baseline === undefined
        ? claims.claim(`${member.namespace}/${name}`, owner)
        : { name: `the service '${baseline.value.name}'`, place: baseline.place("name") };
    if (first === undefined) return [];
    const message = `this member's Deployment would be called '${name}' in '${member.namespace}', as would that of ${first.name} at ${formatPlace(first.place)}`;
    return [{ ...place, code: "generated-name-collision", message, fix: "rename a virtual cluster" }];
  });
}

function findServiceCollisions(existing: ReadonlyMap<string, Declared<Service>>, members: readonly ResolvedMember[]): MeshFileProblem[] {
  const firstMembers = Map.groupBy(members, ({ member }) => `${member.namespace}/${member.service}`);
  return [...firstMembers].flatMap(([id, [first]]): MeshFileProblem[] => {
    const taken = existing.get(id + MEMBERS_SUFFIX);
    if (taken === undefined || first === undefined) return [];
    const message = `the Service of the members of '${id}' would be called '${taken.value.name}', as is the service at ${formatPlace(taken.place("name"))}`;
    return [{ ...first.place, code: "generated-name-collision", message, fix: "rename one of the two services" }];
  });
}
