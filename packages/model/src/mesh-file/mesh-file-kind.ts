import type { DocumentKind } from "../documents/index.ts";
import { externalHostSchema, memberSchema, meshFileSchema, portSchema, serviceSchema, virtualClusterSchema } from "../schema.ts";
import { MESH_FILE_MAX_BYTES } from "./source-text.ts";

const NOUN = "a mesh file";

/** How problems speak of mesh files. */
export const MESH_FILE_KIND: DocumentKind = {
  noun: NOUN,
  schema: meshFileSchema,
  nouns: new Map<unknown, string>([
    [meshFileSchema, NOUN],
    [serviceSchema, "a service"],
    [portSchema, "a port"],
    [virtualClusterSchema, "a virtual cluster"],
    [memberSchema, "a member"],
    [externalHostSchema, "an external host"],
  ]),
  maxBytes: MESH_FILE_MAX_BYTES,
  fixes: {
    emptyFile: "begin it with 'apiVersion: puggle.dev/v1alpha1' and 'kind: Mesh', or remove it",
    fileTooLarge: "split it into several files in one folder, and give the folder's name",
    tooManyAliases: "write the values out, or leave them to the baseline",
  },
};
