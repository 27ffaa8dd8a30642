import { z } from "zod";
import { groupOf, type KubernetesResource, type Labels, type ResourceReference, referTo } from "../kubernetes/resource.ts";
import { expandDelegates, type VirtualService } from "./rules/delegates.ts";
import { type VirtualServiceSpec, virtualServiceSpec } from "./rules/schema.ts";
import type { Unread } from "./table.ts";
import { findUncompiled } from "./uncompiled.ts";

const stringMap = z.record(z.string(), z.string());
const consistentHash = z.looseObject({
  httpHeaderName: z.string().optional(),
  httpCookie: z.looseObject({ name: z.string(), path: z.string().optional(), ttl: z.string().optional() }).optional(),
  useSourceIp: z.boolean().optional(),
  httpQueryParameterName: z.string().optional(),
});
const trafficPolicy = z.looseObject({
  loadBalancer: z.looseObject({ consistentHash: consistentHash.optional() }).optional(),
  portLevelSettings: z
    .array(
      z.looseObject({
        port: z.looseObject({ number: z.number().optional() }).optional(),
        loadBalancer: z.looseObject({ consistentHash: consistentHash.optional() }).optional(),
      }),
    )
    .optional(),
});
const destinationRuleSpec = z.looseObject({
  host: z.string(),
  exportTo: z.array(z.string()).optional(),
  workloadSelector: z.looseObject({ matchLabels: stringMap.default({}) }).optional(),
  trafficPolicy: trafficPolicy.optional(),
  subsets: z.array(z.looseObject({ name: z.string(), labels: stringMap.default({}), trafficPolicy: trafficPolicy.optional() })).default([]),
});
const serviceSpec = z.looseObject({
  selector: stringMap.default({}),
  clusterIP: z.string().optional(),
  ports: z
    .array(
      z.looseObject({
        port: z.number(),
        targetPort: z.union([z.number(), z.string()]).optional(),
        name: z.string().optional(),
        protocol: z.string().optional(),
        appProtocol: z.string().optional(),
      }),
    )
    .default([]),
});
const serviceEntrySpec = z.looseObject({
  hosts: z.array(z.string()),
  exportTo: z.array(z.string()).optional(),
  location: z.string().optional(),
  ports: z.array(z.looseObject({ number: z.number(), name: z.string().optional(), protocol: z.string() })).default([]),
});
const gatewaySpec = z.looseObject({
  servers: z.array(z.looseObject({ port: z.looseObject({ number: z.number() }), hosts: z.array(z.string()).default([]) })).default([]),
});
const routeConfigurationMatch = z.looseObject({
  portNumber: z.number().optional(),
  vhost: z
    .looseObject({
      name: z.string().optional(),
      domainName: z.string().optional(),
      route: z.looseObject({ name: z.string().optional(), action: z.string().optional() }).optional(),
    })
    .optional(),
});
const sidecarSpec = z.looseObject({
  workloadSelector: z.looseObject({ labels: stringMap.default({}) }).optional(),
  egress: z.array(z.looseObject({ hosts: z.array(z.string()).default([]) })).default([]),
  outboundTrafficPolicy: z.looseObject({ mode: z.string().optional() }).optional(),
});
const envoyFilterSpec = z.looseObject({
  workloadSelector: z.looseObject({ labels: stringMap.default({}) }).optional(),
  configPatches: z
    .array(
      z.looseObject({
        applyTo: z.string(),
        match: z
          .looseObject({
            context: z.string().optional(),
            proxy: z.unknown().optional(),
            routeConfiguration: routeConfigurationMatch.optional(),
          })
          .optional(),
        patch: z.looseObject({ operation: z.string(), value: z.unknown().optional() }),
      }),
    )
    .default([]),
});

const trafficExtensionSpec = z.looseObject({
  selector: z.looseObject({ matchLabels: stringMap.default({}) }).optional(),
  match: z.array(z.looseObject({ mode: z.string().optional() })).default([]),
  lua: z.looseObject({ inlineCode: z.string() }).optional(),
});

export type ConsistentHashSpec = z.output<typeof consistentHash>;
export type TrafficPolicySpec = z.output<typeof trafficPolicy>;
interface Read<Spec> {
  readonly reference: ResourceReference;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  /** When the API server took it; "" where that is not known. */
  readonly created: string;
  readonly spec: Spec;
}
/** As it stands in its manifest. */
export type WrittenVirtualService = Read<VirtualServiceSpec>;
export type DestinationRuleSpec = z.output<typeof destinationRuleSpec>;
export type DestinationRule = Read<DestinationRuleSpec>;
export type KubernetesService = Read<z.output<typeof serviceSpec>>;
export type ServiceEntry = Read<z.output<typeof serviceEntrySpec>>;
type Gateway = Read<z.output<typeof gatewaySpec>>;
export type Sidecar = Read<z.output<typeof sidecarSpec>>;
type TrafficExtension = Read<z.output<typeof trafficExtensionSpec>>;
export type EnvoyFilter = Read<z.output<typeof envoyFilterSpec>>;

/** A pod template and where it comes from: what a cluster's labels select. */
export interface Workload {
  readonly reference: ResourceReference;
  readonly labels: Labels;
  /** How many pods it asks for. */
  readonly replicas: number;
}

/** The resources that decide routing, by kind; whatever else is among them is left out. */
export interface RoutingResources {
  readonly clusterDomain: string;
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
  readonly services: readonly KubernetesService[];
  readonly serviceEntries: readonly ServiceEntry[];
  readonly gateways: readonly Gateway[];
  readonly sidecars: readonly Sidecar[];
  readonly envoyFilters: readonly EnvoyFilter[];
  readonly trafficExtensions: readonly TrafficExtension[];
  readonly workloads: readonly Workload[];
  /** Those that do not follow their schema, and are left out. */
  readonly broken: readonly Unread[];
  readonly unread: readonly Unread[];
}

const UNREAD_ROUTES = new Set(["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"]);

function notRead(resource: KubernetesResource): Unread {
  return { resource: referTo(resource), field: "", why: "is not compiled, and may decide otherwise" };
}

const podTemplate = z.looseObject({
  // An API server takes null for 1, as what is left out.
  replicas: z
    .int()
    .min(0)
    .nullish()
    .transform((replicas) => replicas ?? 1),
  template: z.looseObject({ metadata: z.looseObject({ labels: stringMap.default({}) }).optional() }),
});
const WORKLOAD_KINDS = new Set(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]);

/** Sorts resources by kind. One that can not be read is named in `unread`, and Istio's own webhook would refuse it too. */
export function readRoutingResources(resources: readonly KubernetesResource[], clusterDomain = "cluster.local"): RoutingResources {
  const unread: Unread[] = [];
  const broken: Unread[] = [];
  const read = <Spec>(resource: KubernetesResource, schema: z.ZodType<Spec>, into: Read<Spec>[]) => {
    const result = schema.safeParse(resource.spec ?? {});
    const reference = referTo(resource);
    const created = resource.metadata.creationTimestamp;
    const { annotations } = resource.metadata;
    if (result.success) into.push({ reference, annotations, created: typeof created === "string" ? created : "", spec: result.data });
    else {
      const [issue] = result.error.issues;
      broken.push({ resource: reference, field: ["spec", ...(issue?.path ?? [])].join("."), why: issue?.message ?? "can not be read" });
    }
  };
  const written: WrittenVirtualService[] = [];
  const destinationRules: DestinationRule[] = [];
  const services: KubernetesService[] = [];
  const serviceEntries: ServiceEntry[] = [];
  const gateways: Gateway[] = [];
  const sidecars: Sidecar[] = [];
  const envoyFilters: EnvoyFilter[] = [];
  const trafficExtensions: TrafficExtension[] = [];
  const templates: Read<z.output<typeof podTemplate>>[] = [];
  for (const resource of resources) {
    const group = groupOf(resource);
    if (group === "networking.istio.io") {
      if (resource.kind === "VirtualService") read(resource, virtualServiceSpec, written);
      else if (resource.kind === "DestinationRule") read(resource, destinationRuleSpec, destinationRules);
      else if (resource.kind === "ServiceEntry") read(resource, serviceEntrySpec, serviceEntries);
      else if (resource.kind === "Gateway") read(resource, gatewaySpec, gateways);
      else if (resource.kind === "EnvoyFilter") read(resource, envoyFilterSpec, envoyFilters);
      else if (resource.kind === "Sidecar") read(resource, sidecarSpec, sidecars);
    } else if (group === "extensions.istio.io" && resource.kind === "TrafficExtension")
      read(resource, trafficExtensionSpec, trafficExtensions);
    else if (group === "gateway.networking.k8s.io" && UNREAD_ROUTES.has(resource.kind)) unread.push(notRead(resource));
    else if (group === "" && resource.kind === "Service") read(resource, serviceSpec, services);
    else if (group === "apps" && WORKLOAD_KINDS.has(resource.kind)) read(resource, podTemplate, templates);
  }
  for (const virtualService of written) unread.push(...findUncompiled(virtualService));
  const virtualServices = expandDelegates(written, unread);
  const workloads = templates.map(({ reference, spec }) => ({
    reference,
    labels: spec.template.metadata?.labels ?? {},
    replicas: spec.replicas,
  }));
  return {
    clusterDomain,
    virtualServices,
    destinationRules,
    services,
    serviceEntries,
    gateways,
    sidecars,
    envoyFilters,
    trafficExtensions,
    workloads,
    broken,
    unread: [...broken, ...unread],
  };
}

/** Resources of the kinds that decide routing which do not follow their schema: an API server would refuse them too, and they are left out of account. */
export function findBroken(resources: readonly KubernetesResource[]): readonly Unread[] {
  return readRoutingResources(resources).broken;
}
