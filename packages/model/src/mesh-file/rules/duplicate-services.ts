import { formatPlace } from "../../documents/index.ts";
import type { Service } from "../../schema.ts";
import type { Declared } from "../declarations.ts";
import type { MeshFileProblem } from "../problem.ts";
import { FirstClaims } from "./first-claims.ts";

/** A service's namespace and name identify it. */
export function findDuplicateServices(services: readonly Declared<Service>[]): MeshFileProblem[] {
  const claims = new FirstClaims<Declared<Service>>();
  return services.flatMap((service) => {
    const id = `${service.value.namespace}/${service.value.name}`;
    const first = claims.claim(id, service);
    if (first === undefined) return [];
    const message = `the service '${id}' is already at ${formatPlace(first.place("name"))}`;
    return [{ ...service.place("name"), code: "duplicate-service", message, fix: "keep one of them, or say another namespace" }];
  });
}
