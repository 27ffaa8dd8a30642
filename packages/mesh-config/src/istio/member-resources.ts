import type { Mesh } from "@puggle/model";
import { isObject } from "../kubernetes/merge-patch.ts";
import { mapContainers } from "../kubernetes/pod-spec.ts";
import { readQuantity } from "../kubernetes/quantity.ts";

/** A pod's spec whose containers ask for no more than this, each; what they may use stays. */
export function withSmallRequests<Spec extends object>(spec: Spec, most: Mesh["memberRequests"]): Spec {
  return most === undefined ? spec : mapContainers(spec, (container) => trim(container, most));
}

function trim(container: unknown, most: NonNullable<Mesh["memberRequests"]>): unknown {
  if (!isObject(container) || !isObject(container.resources)) return container;
  const { requests, limits } = container.resources;
  // What has a limit and no request asks for its limit.
  const asked = { ...(isObject(limits) ? limits : {}), ...(isObject(requests) ? requests : {}) };
  const trimmed = Object.entries(most).flatMap(([resource, quantity]) => {
    const now = asked[resource];
    return quantity !== undefined && now !== undefined && readQuantity(`${now}`) > readQuantity(quantity) ? [[resource, quantity]] : [];
  });
  if (trimmed.length === 0) return container;
  return {
    ...container,
    resources: { ...container.resources, requests: { ...(isObject(requests) ? requests : {}), ...Object.fromEntries(trimmed) } },
  };
}
