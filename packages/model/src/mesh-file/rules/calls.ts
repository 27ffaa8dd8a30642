import type { Service } from "../../schema.ts";
import type { Declared } from "../declarations.ts";
import type { MeshFileProblem } from "../problem.ts";
import { serviceLookup } from "./service-lookup.ts";

export interface CallResolution {
  readonly services: readonly Service[];
  readonly problems: readonly MeshFileProblem[];
}

/**
 * Looks up the services that each service calls.
 *
 * @param hasAllServices - when false some services could not be read, and one that is not found may be one of those: no problem is told
 */
export function resolveCalls(declared: readonly Declared<Service>[], hasAllServices: boolean): CallResolution {
  const lookUp = serviceLookup(declared.map(({ value }) => value));
  const problems: MeshFileProblem[] = [];
  const services = declared.map((service) => {
    const { calls } = service.value;
    if (calls === undefined) return service.value;
    const ids = calls.flatMap((reference, index) => {
      const found = lookUp(reference);
      if ("service" in found) return [`${found.service.namespace}/${found.service.name}`];
      if (hasAllServices) problems.push({ ...service.place("calls", index), ...found.problem });
      return [];
    });
    return { ...service.value, calls: [...new Set(ids)].toSorted() };
  });
  return { services, problems };
}
