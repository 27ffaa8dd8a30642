/** A Kubernetes object as plain data; what Puggle does not know of it is kept as it is. */
export interface KubernetesResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubernetesMetadata;
  readonly [field: string]: unknown;
}

export interface KubernetesMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** Names one object: what `explain` cites and errors point at. */
export interface ResourceReference {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export type Labels = Readonly<Record<string, string>>;

export function referTo(resource: KubernetesResource): ResourceReference {
  return { kind: resource.kind, namespace: resource.metadata.namespace ?? "default", name: resource.metadata.name };
}

export function formatReference(reference: ResourceReference): string {
  return `${reference.kind} ${reference.namespace}/${reference.name}`;
}

/** Does an object with these labels match a selector? An empty selector matches nothing, as in a Service. */
export function matchesSelector(selector: Labels, labels: Labels): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** Group, kind, namespace and name: what `kubectl apply` would overwrite. */
export function identityOf(resource: KubernetesResource): string {
  return `${groupOf(resource)} ${formatReference(referTo(resource))}`;
}

/** Of several of one identity the last, as `kubectl apply` would leave it. */
export function lastOfEach(resources: readonly KubernetesResource[]): readonly KubernetesResource[] {
  return [...new Map(resources.map((resource) => [identityOf(resource), resource])).values()];
}

/** Splits `networking.istio.io/v1` into its group and version; the core group is "". */
export function groupOf(resource: KubernetesResource): string {
  const slash = resource.apiVersion.indexOf("/");
  return slash < 0 ? "" : resource.apiVersion.slice(0, slash);
}
