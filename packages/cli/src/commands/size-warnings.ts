import { type GeneratedFile, needsServerSideApply } from "@puggle/mesh-config";

/** Says which files `kubectl apply` refuses by itself. */
export function warnOfLarge(files: readonly GeneratedFile[]): readonly string[] {
  return files
    .filter(needsServerSideApply)
    .map(({ path }) => `${path} is larger than kubectl apply takes by itself (256 KB); apply it with --server-side`);
}
