import { formatReference, type ResourceReference } from "./kubernetes/resource.ts";

export type MeshConfigErrorCode =
  | "invalid-manifest"
  | "virtual-service-exists"
  | "sidecar-exists"
  | "ambiguous-baseline"
  | "image-unknown"
  | "invalid-override"
  | "object-exists"
  | "object-too-large"
  | "ports-differ"
  | "unsupported-baseline"
  | "unroutable-member"
  | "member-selected"
  | "address-missing"
  | "port-conflict"
  | "invalid-request"
  | "unknown-workload";

/**
 * What can not be generated or explained. `code` is stable; `message` says what is wrong, where, and what to do.
 */
export class MeshConfigError extends Error {
  override readonly name = "MeshConfigError";
  readonly code: MeshConfigErrorCode;
  /** The object at fault, where there is one. */
  readonly resource: ResourceReference | undefined;

  constructor(code: MeshConfigErrorCode, message: string, resource?: ResourceReference) {
    super(resource === undefined ? message : `${formatReference(resource)}: ${message}`);
    this.code = code;
    this.resource = resource;
  }
}
