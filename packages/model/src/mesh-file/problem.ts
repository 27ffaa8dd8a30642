import type { DocumentProblemCode, Problem } from "../documents/index.ts";

/** What is wrong with a mesh file. A code keeps its meaning from version to version; the message may change. */
export type MeshFileProblemCode =
  | DocumentProblemCode
  | "missing-file"
  | "unreadable-file"
  | "empty-folder"
  | "duplicate-service"
  | "duplicate-virtual-cluster"
  | "duplicate-member"
  | "unknown-service"
  | "ambiguous-service"
  | "duplicate-host"
  | "duplicate-port"
  | "empty-selector"
  | "conflicting-cluster-domain"
  | "conflicting-member-requests"
  | "generated-name-collision";

/** One thing that is wrong: where, what, and what to do about it. */
export type MeshFileProblem = Problem<MeshFileProblemCode>;
