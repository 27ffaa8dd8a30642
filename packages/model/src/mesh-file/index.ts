export { formatPlace, formatProblem, type Place } from "../documents/index.ts";
export { MeshFileError } from "./mesh-file-error.ts";
export { DEFAULT_CLUSTER_DOMAIN, parseMesh } from "./parse-mesh.ts";
export type { MeshFileProblem, MeshFileProblemCode } from "./problem.ts";
export { readMesh } from "./read-mesh.ts";
export { MESH_FILE_MAX_BYTES, type MeshSource } from "./source-text.ts";
