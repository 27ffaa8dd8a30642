import { z } from "zod";
import { describeIssues, type LocatedDocument, type Place, placeOf, type ValuePath } from "../documents/index.ts";
import {
  type ExternalHost,
  externalHostSchema,
  type MemberRequests,
  type MeshFile,
  meshFileSchema,
  type Service,
  serviceSchema,
  virtualClusterSchema,
} from "../schema.ts";
import { MESH_FILE_KIND } from "./mesh-file-kind.ts";
import type { MeshFileProblem } from "./problem.ts";

/** Something that a document declares, and how to find the place of its parts. */
export interface Declared<T> {
  readonly value: T;
  /** The document it stands in, to tell one document's declarations from another's. */
  readonly document: LocatedDocument;
  /** The place of the part at `path` inside it. */
  place(...path: ValuePath): Place;
}

/** A virtual cluster as one document says it, before its members' services are looked up. */
export type DeclaredVirtualCluster = MeshFile["virtualClusters"][number];

/** What documents declare. What is broken is left out, and told in `problems`. */
export interface Declarations {
  readonly clusterDomains: readonly Declared<string>[];
  readonly memberRequests: readonly Declared<MemberRequests>[];
  readonly services: readonly Declared<Service>[];
  readonly externalHosts: readonly Declared<ExternalHost>[];
  readonly virtualClusters: readonly Declared<DeclaredVirtualCluster>[];
  /** Is every service that is meant among `services`? */
  readonly hasAllServices: boolean;
  readonly problems: readonly MeshFileProblem[];
}

type Indexed<T> = Iterable<readonly [number, T]>;

const looseSchema = z.object({
  clusterDomain: meshFileSchema.shape.clusterDomain.catch(undefined),
  memberRequests: meshFileSchema.shape.memberRequests.catch(undefined),
  services: z.array(z.unknown()).catch([]),
  externalHosts: z.array(z.unknown()).catch([]),
  virtualClusters: z.array(z.unknown()).catch([]),
});

/** Reads what a document declares: all of it where it follows the schema, and otherwise each part that does by itself. */
export function readDeclarations(document: LocatedDocument): Declarations {
  const file = meshFileSchema.safeParse(document.value);
  if (file.success) {
    const { services, externalHosts, virtualClusters } = file.data;
    return {
      ...declare(document, file.data, services.entries(), externalHosts.entries(), virtualClusters.entries()),
      hasAllServices: true,
      problems: [],
    };
  }
  const problems = describeIssues(document, file.error.issues, MESH_FILE_KIND);
  const foreign = problems.filter(({ code }) => code === "wrong-kind");
  // Another kind of document: what else it says can not be judged by this schema.
  if (foreign.length > 0) return { ...declare(document), hasAllServices: false, problems: foreign };

  const loose = looseSchema.safeParse(document.value);
  if (!loose.success) return { ...declare(document), hasAllServices: false, problems };
  const services = keepValid(serviceSchema, loose.data.services);
  const externalHosts = keepValid(externalHostSchema, loose.data.externalHosts);
  const virtualClusters = keepValid(virtualClusterSchema, loose.data.virtualClusters);
  // An unknown key of the file itself may be a misspelt `services`.
  const hasUnknownPart = file.error.issues.some(({ code, path }) => code === "unrecognized_keys" && path.length === 0);
  return {
    ...declare(document, loose.data, services, externalHosts, virtualClusters),
    hasAllServices: !hasUnknownPart && services.length === loose.data.services.length,
    problems,
  };
}

/** Puts together what several documents declare. */
export function mergeDeclarations(all: readonly Declarations[]): Declarations {
  return {
    clusterDomains: all.flatMap(({ clusterDomains }) => clusterDomains),
    memberRequests: all.flatMap(({ memberRequests }) => memberRequests),
    services: all.flatMap(({ services }) => services),
    externalHosts: all.flatMap(({ externalHosts }) => externalHosts),
    virtualClusters: all.flatMap(({ virtualClusters }) => virtualClusters),
    hasAllServices: all.every(({ hasAllServices }) => hasAllServices),
    problems: all.flatMap(({ problems }) => problems),
  };
}

function declare(
  document: LocatedDocument,
  { clusterDomain, memberRequests }: Partial<Pick<MeshFile, "clusterDomain" | "memberRequests">> = {},
  services: Indexed<z.output<typeof serviceSchema>> = [],
  externalHosts: Indexed<ExternalHost> = [],
  virtualClusters: Indexed<DeclaredVirtualCluster> = [],
): Omit<Declarations, "hasAllServices" | "problems"> {
  const at = <T>(prefix: ValuePath, value: T): Declared<T> => ({
    value,
    document,
    place: (...path) => placeOf(document, [...prefix, ...path]),
  });
  return {
    clusterDomains: clusterDomain === undefined ? [] : [at(["clusterDomain"], clusterDomain)],
    memberRequests: memberRequests === undefined ? [] : [at(["memberRequests"], memberRequests)],
    services: Array.from(services, ([index, { selector, ...service }]) =>
      at(["services", index], { ...service, selector: selector ?? { app: service.name } }),
    ),
    externalHosts: Array.from(externalHosts, ([index, host]) => at(["externalHosts", index], host)),
    virtualClusters: Array.from(virtualClusters, ([index, cluster]) => at(["virtualClusters", index], cluster)),
  };
}

function keepValid<Schema extends z.ZodType>(schema: Schema, items: readonly unknown[]): (readonly [number, z.output<Schema>])[] {
  return items.flatMap((item, index) => {
    const parsed = schema.safeParse(item);
    return parsed.success ? [[index, parsed.data] as const] : [];
  });
}
