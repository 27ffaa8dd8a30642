import type { Problem } from "../documents/index.ts";

/** What is wrong with a mesh file. A code keeps its meaning from version to version; the message may change. */
export type MeshFileProblemCode =
  | "missing-file"
  | "unreadable-file"
  | "empty-folder"
  | "file-too-large"
  | "not-text"
  | "empty-file"
  | "yaml-syntax"
  | "unsupported-yaml"
  | "duplicate-key"
  | "unknown-alias"
  | "too-many-aliases"
  | "too-deep"
  | "wrong-kind"
  | "missing-key"
  | "unknown-key"
  | "wrong-type"
  | "unknown-word"
  | "invalid-value"
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
