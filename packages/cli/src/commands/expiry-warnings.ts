import type { Mesh } from "@puggle/model";

/** Says of each virtual cluster whose time is over that it is; it is generated all the same, since the mesh file has it. */
export function warnOfExpired({ virtualClusters }: Mesh, now: Date): readonly string[] {
  return virtualClusters
    .filter(({ expires }) => expires !== undefined && Date.parse(expires) <= now.getTime())
    .map(
      ({ name, expires }) =>
        `the virtual cluster ${name} expired at ${expires}; remove it from the mesh file, or give it a later 'expires'`,
    );
}
