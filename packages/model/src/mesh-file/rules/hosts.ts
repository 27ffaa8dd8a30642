import { formatPlace, type Place } from "../../documents/index.ts";
import { type ExternalHost, MEMBERS_SUFFIX, type Service } from "../../schema.ts";
import type { Declared } from "../declarations.ts";

import type { MeshFileProblem } from "../problem.ts";
import { FirstClaims } from "./first-claims.ts";
import type { ResolvedMember } from "./members.ts";

interface Claim {
  readonly owner: string;
  readonly place: Place;
}

/** A host leads to one place. Kubernetes' own names of a service are its hosts too, and so are those of its members' Service. */
export function findHostConflicts(
  services: readonly Declared<Service>[],
  externalHosts: readonly Declared<ExternalHost>[],
  members: readonly ResolvedMember[],
  clusterDomain: string,
): MeshFileProblem[] {
  const claims = new FirstClaims<Claim>();
  const problems: MeshFileProblem[] = [];
  const withMembers = new Set(members.map(({ member }) => `${member.namespace}/${member.service}`));

  for (const service of services) {
    const { name, namespace } = service.value;
    const id = `${namespace}/${name}`;
    for (const host of kubernetesNames(name, namespace, clusterDomain))
      claims.claim(host, { owner: `the service '${id}'`, place: service.place("name") });
    if (!withMembers.has(id)) continue;
    for (const host of kubernetesNames(name + MEMBERS_SUFFIX, namespace, clusterDomain)) {
      claims.claim(host, { owner: `the members of '${id}'`, place: service.place("name") });
    }
  }
  for (const service of services) {
    const owner = `the service '${service.value.namespace}/${service.value.name}'`;
    for (const [index, host] of service.value.hosts.entries()) {
      const place = service.place("hosts", index);
      const first = claims.claim(host, { owner, place });
      if (first !== undefined) problems.push(duplicateHost(host, place, first, owner));
    }
  }
  for (const external of externalHosts) {
    const owner = "an external host";
    const place = external.place("host");
    const first = claims.claim(external.value.host, { owner, place });
    if (first !== undefined && first.owner !== owner) problems.push(duplicateHost(external.value.host, place, first, owner));
  }
  return [...problems, ...findRepeatedExternalHosts(externalHosts)];
}

/** Two documents may both name a host that their services call; one document needs to name it once. */
function findRepeatedExternalHosts(externalHosts: readonly Declared<ExternalHost>[]): MeshFileProblem[] {
  return [...Map.groupBy(externalHosts, ({ document }) => document).values()].flatMap((ofDocument) => {
    const claims = new FirstClaims<Claim>();
    return ofDocument.flatMap((external) => {
      const { host, port } = external.value;
      const place = external.place("host");
      const first = claims.claim(`${host}:${port}`, { owner: "an external host", place });
      return first === undefined ? [] : [duplicateHost(host, place, first, "an external host")];
    });
  });
}

function duplicateHost(host: string, place: Place, first: Claim, owner: string): MeshFileProblem {
  const message = `the host '${host}' already belongs to ${first.owner} at ${formatPlace(first.place)}`;
  const fix = first.owner === owner ? "remove this one" : "give it to one of them";
  return { ...place, code: "duplicate-host", message, fix };
}

function kubernetesNames(name: string, namespace: string, clusterDomain: string): string[] {
  return [`${name}.${namespace}.svc.${clusterDomain}`, `${name}.${namespace}.svc`, `${name}.${namespace}`];
}
