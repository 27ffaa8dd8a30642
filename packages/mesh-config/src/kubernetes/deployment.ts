import { z } from "zod";
import { MeshConfigError } from "../errors.ts";
import { groupOf, type KubernetesResource, type Labels, referTo } from "./resource.ts";

const stringMap = z.record(z.string(), z.string());
const metadata = z.looseObject({ labels: stringMap.optional(), annotations: stringMap.optional() });
const environmentVariable = z.looseObject({ name: z.string() });
const container = z.looseObject({ name: z.string(), image: z.string().optional(), env: z.array(environmentVariable).optional() });

const deploymentSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: stringMap.optional(),
    annotations: stringMap.optional(),
  }),
  spec: z.looseObject({
    selector: z
      .looseObject({ matchLabels: stringMap.optional(), matchExpressions: z.array(z.looseObject({ key: z.string() })).optional() })
      .optional(),
    template: z.looseObject({ metadata: metadata.optional(), spec: z.looseObject({ containers: z.array(container).min(1) }) }),
  }),
});

/** The parts of a Deployment that a member is made from; unknown fields are kept. */
export type Deployment = z.output<typeof deploymentSchema>;
export type Container = Deployment["spec"]["template"]["spec"]["containers"][number];

export function isDeployment(resource: KubernetesResource): boolean {
  return resource.kind === "Deployment" && groupOf(resource) === "apps";
}

/** @throws MeshConfigError `invalid-manifest`, naming the field. */
export function readDeployment(resource: KubernetesResource): Deployment {
  const result = deploymentSchema.safeParse(resource);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new MeshConfigError("invalid-manifest", `${issue?.path.join(".")}: ${issue?.message}`, referTo(resource));
}

export function podLabelsOf(deployment: Deployment): Labels {
  return deployment.spec.template.metadata?.labels ?? {};
}
