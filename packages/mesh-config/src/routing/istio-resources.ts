import { z } from "zod";
import { groupOf, type KubernetesResource, type Labels, type ResourceReference, referTo } from "../kubernetes/resource.ts";
import type { Unread } from "./table.ts";

const stringMap = z.record(z.string(), z.string());
const stringMatch = z.looseObject({ exact: z.string().optional(), prefix: z.string().optional(), regex: z.string().optional() });
const portSelector = z.looseObject({ number: z.number().optional() });
const httpMatch = z.looseObject({
  uri: stringMatch.optional(),
  method: stringMatch.optional(),
  authority: stringMatch.optional(),
  scheme: stringMatch.optional(),
  headers: z.record(z.string(), stringMatch).optional(),
  withoutHeaders: z.record(z.string(), stringMatch).optional(),
  queryParams: z.record(z.string(), stringMatch).optional(),
  port: z.number().optional(),
  gateways: z.array(z.string()).optional(),
  sourceLabels: stringMap.optional(),
  sourceNamespace: z.string().optional(),
});
const destination = z.looseObject({ host: z.string(), subset: z.string().optional(), port: portSelector.optional() });
const httpRule = z.looseObject({
  name: z.string().optional(),
  match: z.array(httpMatch).optional(),
  route: z.array(z.looseObject({ destination, weight: z.number().optional() })).optional(),
});
const virtualServiceSpec = z.looseObject({
  hosts: z.array(z.string()).default([]),
  gateways: z.array(z.string()).optional(),
  http: z.array(httpRule).default([]),
});
const destinationRuleSpec = z.looseObject({
  host: z.string(),
  subsets: z.array(z.looseObject({ name: z.string(), labels: stringMap.default({}) })).default([]),
});
const serviceSpec = z.looseObject({
  selector: stringMap.default({}),
  ports: z
    .array(
      z.looseObject({ port: z.number(), name: z.string().optional(), protocol: z.string().optional(), appProtocol: z.string().optional() }),
    )
    .default([]),
});
const serviceEntrySpec = z.looseObject({
  hosts: z.array(z.string()),
  location: z.string().optional(),
  ports: z.array(z.looseObject({ number: z.number(), name: z.string().optional(), protocol: z.string() })).default([]),
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
            routeConfiguration: z.looseObject({ vhost: z.looseObject({ name: z.string().optional() }).optional() }).optional(),
          })
          .optional(),
        patch: z.looseObject({ operation: z.string(), value: z.unknown().optional() }),
      }),
    )
    .default([]),
});

export type StringMatchSpec = z.output<typeof stringMatch>;
export type HttpMatchSpec = z.output<typeof httpMatch>;
export type HttpRuleSpec = z.output<typeof httpRule>;
type Read<Spec> = { readonly reference: ResourceReference; readonly spec: Spec };
export type VirtualService = Read<z.output<typeof virtualServiceSpec>>;
export type DestinationRule = Read<z.output<typeof destinationRuleSpec>>;
export type KubernetesService = Read<z.output<typeof serviceSpec>>;
export type ServiceEntry = Read<z.output<typeof serviceEntrySpec>>;
export type EnvoyFilter = Read<z.output<typeof envoyFilterSpec>>;

/** A pod template and where it comes from: what a cluster's labels select. */
interface Workload {
  readonly reference: ResourceReference;
  readonly labels: Labels;
}

/** The resources that decide routing, by kind; whatever else is among them is left out. */
export interface RoutingResources {
  readonly clusterDomain: string;
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
  readonly services: readonly KubernetesService[];
  readonly serviceEntries: readonly ServiceEntry[];
  readonly envoyFilters: readonly EnvoyFilter[];
  readonly workloads: readonly Workload[];
  readonly unread: readonly Unread[];
}

const COMPILED_RULE_FIELDS = new Set(["name", "match", "route"]);

function uncompiledFields(resource: ResourceReference, rules: readonly HttpRuleSpec[]): readonly Unread[] {
  return rules.flatMap((rule, index) =>
    Object.keys(rule)
      .filter((field) => !COMPILED_RULE_FIELDS.has(field))
      .map((field) => ({
        resource,
        field: `spec.http.${index}.${field}`,
        why: "is not compiled, so what it does to the request is not shown",
      })),
  );
}

const podTemplate = z.looseObject({ template: z.looseObject({ metadata: z.looseObject({ labels: stringMap.default({}) }).optional() }) });
const WORKLOAD_KINDS = new Set(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]);

/** Sorts resources by kind. One that can not be read is named in `unread`, and Istio's own webhook would refuse it too. */
export function readRoutingResources(resources: readonly KubernetesResource[], clusterDomain = "cluster.local"): RoutingResources {
  const unread: Unread[] = [];
  const read = <Spec>(resource: KubernetesResource, schema: z.ZodType<Spec>, into: Read<Spec>[]) => {
    const result = schema.safeParse(resource.spec ?? {});
    const reference = referTo(resource);
    if (result.success) into.push({ reference, spec: result.data });
    else {
      const [issue] = result.error.issues;
      unread.push({ resource: reference, field: ["spec", ...(issue?.path ?? [])].join("."), why: issue?.message ?? "can not be read" });
    }
  };
  const virtualServices: VirtualService[] = [];
  const destinationRules: DestinationRule[] = [];
  const services: KubernetesService[] = [];
  const serviceEntries: ServiceEntry[] = [];
  const envoyFilters: EnvoyFilter[] = [];
  const templates: Read<z.output<typeof podTemplate>>[] = [];
  for (const resource of resources) {
    const group = groupOf(resource);
    if (group === "networking.istio.io") {
      if (resource.kind === "VirtualService") read(resource, virtualServiceSpec, virtualServices);
      else if (resource.kind === "DestinationRule") read(resource, destinationRuleSpec, destinationRules);
      else if (resource.kind === "ServiceEntry") read(resource, serviceEntrySpec, serviceEntries);
      else if (resource.kind === "EnvoyFilter") read(resource, envoyFilterSpec, envoyFilters);
    } else if (group === "" && resource.kind === "Service") read(resource, serviceSpec, services);
    else if (group === "apps" && WORKLOAD_KINDS.has(resource.kind)) read(resource, podTemplate, templates);
  }
  for (const { reference, spec } of virtualServices) unread.push(...uncompiledFields(reference, spec.http));
  const workloads = templates.map(({ reference, spec }) => ({ reference, labels: spec.template.metadata?.labels ?? {} }));
  return { clusterDomain, virtualServices, destinationRules, services, serviceEntries, envoyFilters, workloads, unread };
}
