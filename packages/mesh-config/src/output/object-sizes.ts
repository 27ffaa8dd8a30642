import { load } from "js-yaml";
import { MeshConfigError } from "../errors.ts";
import { type KubernetesResource, referTo } from "../kubernetes/resource.ts";
import type { GeneratedFile } from "./files.ts";

/** `kubectl apply` keeps the whole object in an annotation of it, and all annotations together may have this many bytes. */
const CLIENT_SIDE_BYTES = 262_144;
/** An API server takes 1,536 KB in one request, by etcd's own limit; this leaves room for what it and others add to the object. */
const LARGEST_BYTES = 1_048_576;
/** YAML is never so much shorter than JSON. */
const CERTAINLY_SMALL = CLIENT_SIDE_BYTES / 4;

/**
 * @throws MeshConfigError `object-too-large`
 */
export function refuseTooLarge(resources: readonly KubernetesResource[]): void {
  for (const resource of resources) {
    const bytes = bytesOf(resource);
    if (bytes <= LARGEST_BYTES) continue;
    const why = `would have ${kilobytes(bytes)}, and at most ${kilobytes(LARGEST_BYTES)} are written, since API servers refuse more than 1536 KB with all that is added; it grows with the members of its service: take some out`;
    throw new MeshConfigError("object-too-large", why, referTo(resource));
  }
}

/** Is this an object that only `kubectl apply --server-side` takes? */
export function needsServerSideApply({ text }: GeneratedFile): boolean {
  return text.length > CERTAINLY_SMALL && bytesOf(load(text)) > CLIENT_SIDE_BYTES;
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_024)} KB`;
}

function bytesOf(object: unknown): number {
  return new TextEncoder().encode(JSON.stringify(object)).length;
}
