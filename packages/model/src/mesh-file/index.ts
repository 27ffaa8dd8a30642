export { MeshFileError } from "./mesh-file-error.ts";
export { DEFAULT_CLUSTER_DOMAIN, parseMesh } from "./parse-mesh.ts";
export { formatPlace, formatProblem, type MeshFileProblem, type MeshFileProblemCode, type Place } from "./problem.ts";
export { readMesh } from "./read-mesh.ts";
export { MESH_FILE_MAX_BYTES, type MeshSource } from "./source-text.ts";
