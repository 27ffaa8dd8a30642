import { LineCounter, parseAllDocuments } from "yaml";
import { z } from "zod";
import { MeshConfigError } from "../errors.ts";
import { type KubernetesResource, lastOfEach } from "./resource.ts";

const resourceSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
const listSchema = z.looseObject({ kind: z.string().endsWith("List"), items: z.array(z.unknown()) });

/** What only the templates of Helm and the like have: a place that is filled in before Kubernetes sees the file. */
const TEMPLATE_PLACE = /\{\{.*\}\}/;

/**
 * Reads Kubernetes objects from YAML: several documents a file, empty ones between them, `List` objects, any kind, anchors and merge keys. Of two of one kind,
 * namespace and name the later counts, as it does for `kubectl apply`.
 *
 * @throws MeshConfigError `invalid-manifest` with file, line and column.
 */
export function parseManifests(sources: readonly { readonly path: string; readonly text: string }[]): readonly KubernetesResource[] {
  const objects = sources.flatMap((source) => readSource(source));
  return lastOfEach(objects);
}

function readSource({ path, text }: { readonly path: string; readonly text: string }): readonly KubernetesResource[] {
  const lines = new LineCounter();
  return [...parseAllDocuments(text, { lineCounter: lines, logLevel: "silent", merge: true })].flatMap((document) => {
    const [error] = document.errors;
    const at = (offset: number) => `${path}:${lines.linePos(offset).line}:${lines.linePos(offset).col}`;
    if (error !== undefined) {
      const hint = TEMPLATE_PLACE.test(text) ? "; this looks like a template: give what it renders to (`helm template`)" : "";
      throw new MeshConfigError("invalid-manifest", `${at(error.pos[0])}: ${firstLine(error.message)}${hint}`);
    }
    const content = toPlainData(document, at(document.range?.[0] ?? 0));
    return content === null || content === undefined ? [] : readObjects(content, at(document.range?.[0] ?? 0));
  });
}

/** Aliases of nothing, and aliases of aliases beyond measure, only show when they are followed. */
function toPlainData(document: { toJS(options: { maxAliasCount: number }): unknown }, place: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 1000 });
  } catch (error) {
    throw new MeshConfigError("invalid-manifest", `${place}: ${error instanceof Error ? firstLine(error.message) : error}`);
  }
}

function readObjects(content: unknown, place: string): readonly KubernetesResource[] {
  const list = listSchema.safeParse(content);
  if (list.success) return list.data.items.flatMap((item) => readObjects(item, place));
  const resource = resourceSchema.safeParse(content);
  if (resource.success) return [resource.data as KubernetesResource];
  const [issue] = resource.error.issues;
  throw new MeshConfigError(
    "invalid-manifest",
    `${place}: not a Kubernetes object: ${issue?.path.join(".") || "the document"}: ${issue?.message}`,
  );
}

function firstLine(message: string): string {
  return message.split("\n", 1)[0]?.replace(/:$/, "") ?? message;
}
