import { nearestWord } from "../../documents/index.ts";
import type { Service } from "../../schema.ts";
import type { MeshFileProblem } from "../problem.ts";

export type Lookup = { readonly service: Service } | { readonly problem: Pick<MeshFileProblem, "code" | "message" | "fix"> };

/** Finds services by namespace and name, or by the name alone where one namespace only has it. */
export function serviceLookup(services: readonly Service[]): (reference: string) => Lookup {
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
