import type { Source } from "../documents/index.ts";

/** One mesh file's name, as it appears in problems, and its text. */
export type MeshSource = Source;

/**
 * The largest mesh file that is read, in bytes of UTF-8: 5 MiB. A file with 1,000 services and 1,000 virtual clusters of 10 members each, with
 * images and variables, has less than 2 MiB.
 */
export const MESH_FILE_MAX_BYTES = 5 * 1024 * 1024;
