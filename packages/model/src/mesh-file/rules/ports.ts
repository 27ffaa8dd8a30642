import type { Service } from "../../schema.ts";
import type { Declared } from "../declarations.ts";
import type { MeshFileProblem } from "../problem.ts";
import { FirstClaims } from "./first-claims.ts";

/** Kubernetes wants the numbers of a Service's ports to differ, and their names too; a port without a name is called by its protocol. */
export function findDuplicatePorts(services: readonly Declared<Service>[]): MeshFileProblem[] {
  return services.flatMap((service) => {
    const numbers = new FirstClaims<number>();
    const names = new FirstClaims<number>();
    return service.value.ports.flatMap(({ number, name, protocol }, index): MeshFileProblem[] => {
      if (numbers.claim(String(number), index) !== undefined) {
        const message = `the service '${service.value.name}' already has a port ${number}`;
        return [{ ...service.place("ports", index, "number"), code: "duplicate-port", message, fix: "keep one of them" }];
      }
      const portName = name ?? protocol;
      if (names.claim(portName, index) === undefined) return [];
      const message = `the service '${service.value.name}' already has a port called '${portName}'`;
      const place = service.place("ports", index, ...(name === undefined ? [] : ["name"]));
      return [{ ...place, code: "duplicate-port", message, fix: `name this one, for example '${protocol}-${number}'` }];
    });
  });
}
