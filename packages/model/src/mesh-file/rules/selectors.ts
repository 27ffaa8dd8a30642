import type { Service } from "../../schema.ts";
import type { Declared } from "../declarations.ts";
import type { MeshFileProblem } from "../problem.ts";

/** A selector without labels would select every pod of the namespace, members included. */
export function findEmptySelectors(services: readonly Declared<Service>[]): MeshFileProblem[] {
  return services
    .filter(({ value }) => Object.keys(value.selector).length === 0)
    .map((service) => ({
      ...service.place("selector"),
      code: "empty-selector",
      message: `the selector of '${service.value.name}' has no labels`,
      fix: `name the baseline's labels, or remove the key, which means { app: ${service.value.name} }`,
    }));
}
