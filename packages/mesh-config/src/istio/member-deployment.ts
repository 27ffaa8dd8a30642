import { type Member, type Mesh, type Service, VIRTUAL_CLUSTER_ENVIRONMENT_VARIABLE, type VirtualCluster } from "@puggle/model";
import { MeshConfigError } from "../errors.ts";
import { type Container, type Deployment, podLabelsOf, readDeployment } from "../kubernetes/deployment.ts";
import { MANAGED_BY, MANAGED_BY_LABEL, SERVICE_LABEL, VERSION_LABEL, VIRTUAL_CLUSTER_LABEL } from "../kubernetes/labels.ts";
import { applyMergePatch, isObject } from "../kubernetes/merge-patch.ts";
import type { KubernetesResource, Labels } from "../kubernetes/resource.ts";
import { withoutHostPorts } from "./host-ports.ts";
import { withOwnLeases } from "./leader-election.ts";
import type { PodSelectors } from "./member-labels.ts";
import { withSmallRequests } from "./member-resources.ts";
import { memberName, membersServiceName } from "./names.ts";

const DEFAULT_CONTAINER_ANNOTATION = "kubectl.kubernetes.io/default-container";
/** What the API server or a client wrote about the baseline's own object. */
const WRITTEN_ABOUT_THE_OBJECT = ["kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"];
/** By this `kubectl rollout restart` makes the baseline's pods anew. */
const WRITTEN_ABOUT_ITS_PODS = ["kubectl.kubernetes.io/restartedAt"];
/** By these, Argo CD, Helm and Flux know their own objects. A member is none of theirs, and they would prune it. */
const OWNERSHIP_PREFIXES = ["argocd.argoproj.io/", "meta.helm.sh/", "helm.sh/", "helm.toolkit.fluxcd.io/", "kustomize.toolkit.fluxcd.io/"];

/**
 * The Deployment of a member: the baseline's, where it is known, under its own name, with its own labels, image, replicas and environment.
 *
 * Ports of the node are left out, since two pods can not share them, and the names of leases are its own. Every label by which something is known to select the baseline is left out, so that a member's pods match no selector of the baseline's Service or PDB.
 *
 * @throws MeshConfigError `image-unknown` where neither the member nor a baseline says what to run; `invalid-override` where overrides leave no Deployment.
 */
export function buildMemberDeployment(
  service: Service,
  virtualCluster: VirtualCluster,
  member: Member,
  baseline: Deployment | undefined,
  { selectors, memberRequests }: { readonly selectors: PodSelectors; readonly memberRequests: Mesh["memberRequests"] },
): KubernetesResource {
  const source = baseline ?? minimalDeployment(service, virtualCluster, member);
  const identity = identityLabels(service, virtualCluster);
  const selecting = selectors.keysThatSelect(service, source);
  const { status: _status, ...rest } = source;
  const { template } = source.spec;
  const podSpec = withSmallRequests(withOwnLeases(withoutHostPorts(template.spec), virtualCluster.name), memberRequests);
  const shareable = { ...source, spec: { ...source.spec, template: { ...template, spec: podSpec } } };
  const clone: KubernetesResource = {
    ...rest,
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: source.metadata.name,
      ...optional("labels", withoutOwnership(withoutKeys(source.metadata.labels, selecting))),
      ...optional("annotations", withoutOwnership(withoutKeys(source.metadata.annotations, WRITTEN_ABOUT_THE_OBJECT))),
    },
    spec: {
      ...source.spec,
      replicas: member.replicas,
      template: {
        ...template,
        metadata: {
          ...optional("labels", withoutKeys(template.metadata?.labels, selecting)),
          ...optional("annotations", withoutKeys(template.metadata?.annotations, WRITTEN_ABOUT_ITS_PODS)),
        },
        spec: { ...podSpec, containers: withMemberContainer(shareable, service, virtualCluster, member) },
      },
    },
  };
  const patched = member.overrides === undefined ? clone : applyOverrides(clone, member.overrides, service, virtualCluster);
  return withIdentity(patched, memberName(service.name, virtualCluster), service.namespace, identity);
}

function identityLabels(service: Service, virtualCluster: VirtualCluster): Labels {
  return { [SERVICE_LABEL]: service.name, [VERSION_LABEL]: virtualCluster.name, [VIRTUAL_CLUSTER_LABEL]: virtualCluster.name };
}

/** Names, namespace and the labels that routing relies on are Puggle's, whatever the overrides say. */
function withIdentity(resource: KubernetesResource, name: string, namespace: string, identity: Labels): KubernetesResource {
  const { template, replicas, selector: _selector, ...spec } = readDeployment(resource).spec;
  const { apiVersion, kind, metadata, spec: _spec, ...rest } = resource;
  const labels = { ...identity, [MANAGED_BY_LABEL]: MANAGED_BY };
  const app = { app: membersServiceName({ name: identity[SERVICE_LABEL] ?? name }) };
  return {
    apiVersion,
    kind,
    metadata: { ...metadata, name, namespace, labels: sorted({ ...metadata.labels, ...labels }) },
    spec: {
      replicas,
      selector: { matchLabels: sorted(identity) },
      ...spec,
      template: { ...template, metadata: { ...template.metadata, labels: sorted({ ...template.metadata?.labels, ...app, ...labels }) } },
    },
    ...rest,
  };
}

function applyOverrides(
  clone: KubernetesResource,
  overrides: NonNullable<Member["overrides"]>,
  service: Service,
  virtualCluster: VirtualCluster,
): KubernetesResource {
  const refuse = (why: string) =>
    new MeshConfigError("invalid-override", `the overrides of ${service.name} in virtual cluster ${virtualCluster.name} ${why}`);
  const patched = applyMergePatch(clone, overrides);
  if (!isObject(patched)) throw refuse("leave no Deployment");
  const metadata = isObject(patched.metadata) ? patched.metadata : {};
  const resource: KubernetesResource = {
    ...patched,
    apiVersion: clone.apiVersion,
    kind: clone.kind,
    metadata: { ...metadata, name: clone.metadata.name },
  };
  const deployment = readOverridden(resource, refuse);
  const { containers } = deployment.spec.template.spec;
  const imageless = containers.find(({ image = "" }) => image.trim() === "");
  if (imageless !== undefined) throw refuse(`leave the container ${imageless.name} without an image`);
  const selecting = Object.entries(service.selector).find(
    ([key, value]) => key !== VERSION_LABEL && podLabelsOf(deployment)[key] === value,
  );
  if (selecting !== undefined) throw refuse(`set the label ${selecting[0]} by which the baseline's Service selects its pods; leave it out`);
  const template = {
    ...deployment.spec.template,
    spec: { ...deployment.spec.template.spec, containers: withVirtualCluster(deployment, service, virtualCluster) },
  };
  return { ...resource, spec: { ...deployment.spec, template } };
}

function readOverridden(resource: KubernetesResource, refuse: (why: string) => MeshConfigError): Deployment {
  try {
    return readDeployment(resource);
  } catch (error) {
    throw error instanceof MeshConfigError ? refuse(`leave no Deployment: ${error.message}`) : error;
  }
}

function withMemberContainer(source: Deployment, service: Service, virtualCluster: VirtualCluster, member: Member): readonly Container[] {
  const image = member.image === undefined ? {} : { image: member.image };
  const env = { ...member.env, [VIRTUAL_CLUSTER_ENVIRONMENT_VARIABLE]: virtualCluster.name };
  return changeServiceContainer(source, service, (container) => ({ ...container, ...image, env: withVariables(container, env) }));
}

/** Overrides may have replaced the containers; the process is to know its virtual cluster all the same. */
function withVirtualCluster(source: Deployment, service: Service, virtualCluster: VirtualCluster): readonly Container[] {
  const env = { [VIRTUAL_CLUSTER_ENVIRONMENT_VARIABLE]: virtualCluster.name };
  return changeServiceContainer(source, service, (container) => ({ ...container, env: withVariables(container, env) }));
}

/** The container that kubectl takes by default, else the one with the service's name, else the first. */
function changeServiceContainer(source: Deployment, service: Service, change: (container: Container) => Container): readonly Container[] {
  const { containers } = source.spec.template.spec;
  const annotated = source.spec.template.metadata?.annotations?.[DEFAULT_CONTAINER_ANNOTATION];
  const chosen = containers.find(({ name }) => name === annotated) ?? containers.find(({ name }) => name === service.name) ?? containers[0];
  return containers.map((container) => (container === chosen ? change(container) : container));
}

function withVariables(container: Container, env: Readonly<Record<string, string>>): Container["env"] {
  const kept = (container.env ?? []).filter(({ name }) => !(name in env));
  return [
    ...kept,
    ...Object.entries(env)
      .sort(byKey)
      .map(([name, value]) => ({ name, value })),
  ];
}

function minimalDeployment(service: Service, virtualCluster: VirtualCluster, member: Member): Deployment {
  if (member.image === undefined) {
    throw new MeshConfigError(
      "image-unknown",
      `${service.name} in virtual cluster ${virtualCluster.name}: nothing says which image to run; set the member's \`image\`, or give the baseline's Deployment among the manifests`,
    );
  }
  const ports = service.ports.map(({ number, targetPort }) => ({ containerPort: targetPort ?? number }));
  return {
    metadata: { name: service.name },
    spec: { template: { spec: { containers: [{ name: service.name, image: member.image, ports }] } } },
  };
}

function withoutKeys(labels: Labels | undefined, keys: readonly string[]): Labels | undefined {
  if (labels === undefined) return undefined;
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !keys.includes(key)));
}

function withoutOwnership(labels: Labels | undefined): Labels | undefined {
  const owned = Object.keys(labels ?? {}).filter((key) => OWNERSHIP_PREFIXES.some((prefix) => key.startsWith(prefix)));
  return withoutKeys(labels, owned);
}

function optional<Key extends string, Value extends object>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return (value === undefined || Object.keys(value).length === 0 ? {} : { [key]: value }) as { [K in Key]?: Value };
}

function sorted(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(byKey));
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
