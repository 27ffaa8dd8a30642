import type { SidecarSize } from "@puggle/mesh-config";

/** From here on a sidecar takes more than it is commonly given beside what its process needs anyway. */
const MANY_MEGABYTES = 100;

/** Says that sidecars would grow large, and what to do. */
export function warnOfLargeSidecars(sidecar: SidecarSize | undefined): readonly string[] {
  if (sidecar === undefined || sidecar.megabytes < MANY_MEGABYTES) return [];
  const { megabytes, clusters } = sidecar;
  return [
    `a sidecar that is told of everything keeps some ${Math.round(megabytes)} MB (${clusters} clusters); say in the mesh file what services call (\`calls\`), and their sidecars are told of that alone`,
  ];
}
