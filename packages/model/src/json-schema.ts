import { z } from "zod";
import { externalHostSchema, memberSchema, meshFileSchema, portSchema, serviceSchema, virtualClusterSchema } from "./schema.ts";

const TITLES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [meshFileSchema, "Puggle mesh file"],
  [serviceSchema, "Service"],
  [portSchema, "Port"],
  [virtualClusterSchema, "Virtual cluster"],
  [memberSchema, "Member"],
  [externalHostSchema, "External host"],
]);

/**
 * The mesh file's JSON Schema (draft 2020-12), for editors: what `@puggle/model/mesh-file.schema.json` holds.
 *
 * It knows each value by itself. What needs more than one value, such as a member of an unknown service, only `parseMesh` finds.
 */
export function meshFileJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(meshFileSchema, {
    target: "draft-2020-12",
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      const title = TITLES.get(zodSchema);
      if (title !== undefined) jsonSchema.title = title;
    },
  });
  const { $schema, ...rest } = schema;
  return { $schema, $id: "https://puggle.dev/schemas/v1alpha1/mesh-file.schema.json", ...rest };
}
