import { GENERATED_FILE_MARKER, type Mesh, type Service } from "@puggle/model";
import { dump } from "js-yaml";
import { type EnvoyOptions, generateEnvoy } from "../envoy/generate.ts";
import { buildIstioResources, type IstioOptions, type ServiceResources } from "../istio/generate.ts";
import type { KubernetesResource } from "../kubernetes/resource.ts";
import { refuseTooLarge } from "./object-sizes.ts";

/** A file to write: `path` is relative, with `/` between its parts. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

export type Target = "istio" | "envoy";

export const TARGETS: readonly Target[] = ["istio", "envoy"];

const REGENERATE = "from the mesh file. Do not edit: change the mesh file and generate again.";

/**
 * The files of a target, one object a file, sorted by path. The same mesh gives the same bytes.
 *
 * - `istio`: `istio/header-boundary.yaml`, `istio/<namespace>/<service>/...` and, for each member, `istio/<namespace>/<service>/members/<virtual cluster>/...`
 * - `envoy`: `envoy/<namespace>/<workload>.yaml` and `envoy/gateway.yaml`, each the whole static configuration of one plain Envoy
 *
 * @throws MeshConfigError
 */
export function generate(mesh: Mesh, target: Target, options: IstioOptions & EnvoyOptions = {}): readonly GeneratedFile[] {
  const files = target === "istio" ? istioFiles(mesh, options) : envoyFiles(mesh, options);
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function istioFiles(mesh: Mesh, options: IstioOptions): GeneratedFile[] {
  const { services, boundary } = buildIstioResources(mesh, options);
  refuseTooLarge(services.flatMap(({ routing }) => routing));
  return [...(boundary === undefined ? [] : [file("istio", "istio/header-boundary.yaml", boundary)]), ...services.flatMap(serviceFiles)];
}

function serviceFiles({ service, routing, members }: ServiceResources): readonly GeneratedFile[] {
  const folder = `istio/${service.namespace}/${service.name}`;
  return [
    ...routing.map((resource) => file("istio", `${folder}/${routingFileName(resource, service)}`, resource)),
    ...[...members].flatMap(([virtualCluster, resources]) =>
      resources.map((resource) => file("istio", `${folder}/members/${virtualCluster}/${fileName(resource)}`, resource)),
    ),
  ];
}

function routingFileName(resource: KubernetesResource, { name }: Service): string {
  if (resource.kind === "EnvoyFilter") return "member-matcher.yaml";
  if (resource.kind === "Sidecar") return resource.metadata.name === name ? "sidecar.yaml" : "members-sidecar.yaml";
  return fileName(resource);
}

const FILE_NAMES: Readonly<Record<string, string>> = {
  VirtualService: "virtual-service.yaml",
  Service: "members-service.yaml",
  DestinationRule: "members-destination-rule.yaml",
  Deployment: "deployment.yaml",
  EnvoyFilter: "header-stamp.yaml",
  TrafficExtension: "header-stamp.yaml",
};

function fileName({ kind }: KubernetesResource): string {
  return FILE_NAMES[kind] ?? `${kind.toLowerCase()}.yaml`;
}

function envoyFiles(mesh: Mesh, options: EnvoyOptions): GeneratedFile[] {
  return generateEnvoy(mesh, options).map(({ namespace, workload, configuration }) =>
    file("envoy", namespace === undefined ? `envoy/${workload}.yaml` : `envoy/${namespace}/${workload}.yaml`, configuration),
  );
}

function file(target: Target, path: string, content: object): GeneratedFile {
  return { path, text: `${GENERATED_FILE_MARKER} --target ${target}\` ${REGENERATE}\n${toYaml(content)}` };
}

/** Strings that YAML 1.1 or 1.2 would read as something else are quoted, since Kubernetes reads 1.1. */
function toYaml(content: object): string {
  return dump(content, { lineWidth: -1, noRefs: true });
}
