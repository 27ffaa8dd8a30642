import { z } from "zod";
import { BASELINE_VERSION } from "./grammar.ts";

/** The `apiVersion` that a mesh file states. */
export const MESH_FILE_API_VERSION = "puggle.dev/v1alpha1";

/** The suffix of the Service that all members of a service share: `<service>-members`. */
export const MEMBERS_SUFFIX = "-members";

const SERVICE_NAME_MAX_LENGTH = 63 - MEMBERS_SUFFIX.length;
// Patterns, and not the functions of grammar.ts, since only patterns reach the JSON Schema; a test holds the two together.
const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const VIRTUAL_CLUSTER_NAME = /^(?!default$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
// RFC 1035, section 2.3.1: what Kubernetes wants of a Service's name.
const DNS_1035_LABEL = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
// A VirtualService takes a name without a dot for the Service of that name in its own namespace, so it could take over another service.
const DOTTED_DNS_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/;
const EXTERNAL_HOST = /^(?:\*\.)?(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
const LABEL_KEY = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
// Puggle tells members from baselines by labels of this prefix.
const NOT_PUGGLES_LABEL = /^(?!puggle\.dev\/)/;
const GATEWAY = /^(?:[a-z0-9][a-z0-9-]*\/)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const ENVIRONMENT_VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

const dnsLabel = z
  .string()
  .regex(DNS_LABEL, { error: "must be a DNS label: 1 to 63 of a-z, 0-9 and '-', not beginning or ending with '-'" });
const serviceName = z
  .string()
  .max(SERVICE_NAME_MAX_LENGTH, {
    error: `must have at most ${SERVICE_NAME_MAX_LENGTH} characters, since its members' Service is called <service>${MEMBERS_SUFFIX}`,
  })
  .regex(DNS_1035_LABEL, { error: "must be a DNS label that begins with a letter: a-z, 0-9 and '-', not ending with '-'" });
const dnsName = z.string().regex(DNS_NAME, { error: "must be a DNS name in lower case, without a port" });
const dottedDnsName = z.string().regex(DOTTED_DNS_NAME, {
  error: "must be a DNS name in lower case with at least one dot and without a port: a bare name means the Service of that name",
});
const portNumber = z.int().min(1).max(65_535);
const labelValue = z.string().regex(LABEL_VALUE, { error: "must be a label value: at most 63 of A-Z, a-z, 0-9, '-', '_' and '.'" });
const selectorKey = z
  .string()
  .regex(LABEL_KEY, { error: "must be a label key" })
  .regex(NOT_PUGGLES_LABEL, { error: "must not begin with 'puggle.dev/': such labels select members, not the baseline" });
const selector = z.record(selectorKey, labelValue);

const serviceReference = z.string().regex(/^(?:[a-z0-9-]+\/)?[a-z0-9-]+$/, { error: "must be <service> or <namespace>/<service>" });

/** A port of a service. `tcp` ports carry no header and are left to the baseline. */
export const portSchema = z
  .strictObject({
    number: portNumber.describe("The Service's port."),
    name: dnsLabel.optional().describe("The port's name in the Service; '<protocol>' when left out."),
    targetPort: portNumber.optional().describe("The container's port; the Service's port when left out."),
    protocol: z
      .enum(["http", "http2", "grpc", "tcp"])
      .default("http")
      .describe("What is spoken on the port. Only HTTP can carry the header."),
  })
  .describe("A port of a service.");

/** A service of the shared cluster: its baseline. */
export const serviceSchema = z
  .strictObject({
    name: serviceName.describe("The name of the Kubernetes Service."),
    namespace: dnsLabel.default("default").describe("The Service's namespace."),
    hosts: z
      .array(dottedDnsName)
      .default([])
      .describe("Further host names that lead to the service, each with a dot, beside <name>.<namespace>.svc.<cluster domain>."),
    gateways: z
      .array(z.string().regex(GATEWAY, { error: "must be <gateway> or <namespace>/<gateway>" }))
      .default([])
      .describe("Istio gateways through which the service is reached from outside, as <gateway> or <namespace>/<gateway>."),
    ports: z
      .array(portSchema)
      .min(1)
      .default([{ number: 80, protocol: "http" }])
      .describe("The Service's ports; HTTP on port 80 when left out."),
    selector: selector.optional().describe("The labels by which the Service selects the baseline's pods; {app: <name>} when left out."),
    calls: z
      .array(serviceReference)
      .optional()
      .describe(
        "The services that it calls, as <name> or <namespace>/<name>. Its sidecars are told of these and of external hosts alone; of everything when left out.",
      ),
    baselineVersion: labelValue.default(BASELINE_VERSION).describe("The value of the baseline's `version` label."),
  })
  .describe("A service of the shared cluster.");

/** One service's deployment in a virtual cluster. */
export const memberSchema = z
  .strictObject({
    service: serviceReference.describe(
      "The service, as <name>, or as <namespace>/<name> where two namespaces have a service of that name.",
    ),
    image: z.string().min(1).optional().describe("The container image to run; the baseline's when left out."),
    replicas: z.int().min(0).max(100).default(1).describe("How many pods."),
    env: z
      .record(z.string().regex(ENVIRONMENT_VARIABLE, { error: "must be the name of an environment variable" }), z.string())
      .default({})
      .describe("Environment variables to add or replace in the service's container."),
    overrides: z
      .record(z.string(), z.json())
      .optional()
      .describe("A JSON merge patch (RFC 7396) for the member's Deployment, applied last; names, namespace and Puggle's labels stay."),
  })
  .describe("A service that the virtual cluster has a version of.");

/** A named slice of the shared cluster. */
export const virtualClusterSchema = z
  .strictObject({
    name: z
      .string()
      .regex(VIRTUAL_CLUSTER_NAME, {
        error: `must be a DNS label (1 to 63 of a-z, 0-9 and '-', not beginning or ending with '-') and not '${BASELINE_VERSION}'`,
      })
      .describe("The value of the virtual-cluster-name header."),
    owner: z.string().min(1).optional().describe("Who answers for it: a person or a team."),
    description: z.string().optional().describe("What it is for."),
    expires: z.iso
      .datetime({ offset: true, error: "must be an RFC 3339 time such as 2030-01-31T18:00:00Z" })
      .optional()
      .describe("When it may be removed, as an RFC 3339 time such as 2030-01-31T18:00:00Z."),
    members: z.array(memberSchema).default([]).describe("The services that it has a version of."),
  })
  .describe("A private slice that holds only the services which were changed.");

/** A host outside the mesh: the header is taken off what goes there. */
export const externalHostSchema = z
  .strictObject({
    host: z
      .string()
      .regex(EXTERNAL_HOST, { error: "must be a DNS name in lower case, without a port, or '*.' and such a name" })
      .describe("The host's name, or *.<domain> for every host under a domain, as a ServiceEntry has it."),
    port: portNumber.default(80).describe("The port on which it is called in plain HTTP."),
  })
  .describe("A host outside the mesh, to which the header must not go.");

const quantity = z
  .string()
  .regex(/^(?:\d+\.?\d*|\.\d+)(?:[numkMGTPE]|[KMGTPE]i)?$/, { error: "must be a quantity of Kubernetes' such as 250m or 128Mi" });

/** What a member's container may request at most. */
export const memberRequestsSchema = z
  .strictObject({ cpu: quantity.optional().describe("Such as 100m."), memory: quantity.optional().describe("Such as 128Mi.") })
  .describe("The most that each container of a member may request.");

/** One mesh file. Several are merged into one {@link Mesh}. */
export const meshFileSchema = z
  .strictObject({
    $schema: z.string().optional().describe("For editors."),
    apiVersion: z.literal(MESH_FILE_API_VERSION),
    kind: z.literal("Mesh"),
    clusterDomain: dnsName.optional().describe("The cluster's DNS domain; cluster.local when left out."),
    services: z.array(serviceSchema).default([]).describe("The services of the shared cluster."),
    externalHosts: z.array(externalHostSchema).default([]).describe("Hosts outside the mesh that services call."),
    memberRequests: memberRequestsSchema
      .optional()
      .describe("The most that a container of a member may request; what the baseline requests when left out. Limits stay."),
    virtualClusters: z.array(virtualClusterSchema).default([]).describe("The virtual clusters."),
  })
  .describe("A Puggle mesh file: services and virtual clusters.");

export type MeshFile = z.output<typeof meshFileSchema>;
export type Port = z.output<typeof portSchema>;
export type MemberRequests = z.output<typeof memberRequestsSchema>;
export type ExternalHost = z.output<typeof externalHostSchema>;

/** A service with every default filled in; the services that it calls as `<namespace>/<name>`, sorted. */
export type Service = Omit<z.output<typeof serviceSchema>, "selector"> & { readonly selector: Readonly<Record<string, string>> };

/** A member whose service is known: `namespace` and `service` name exactly one {@link Service} of the mesh. */
export type Member = z.output<typeof memberSchema> & { readonly namespace: string };

/** A virtual cluster whose members are resolved. */
export type VirtualCluster = Omit<z.output<typeof virtualClusterSchema>, "members"> & { readonly members: readonly Member[] };

/** What all mesh files together say: every reference resolved, every default filled in. */
export interface Mesh {
  readonly clusterDomain: string;
  readonly services: readonly Service[];
  readonly externalHosts: readonly ExternalHost[];
  /** The most that a container of a member may request. */
  readonly memberRequests?: MemberRequests | undefined;
  readonly virtualClusters: readonly VirtualCluster[];
}
