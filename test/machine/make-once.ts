import { randomBytes } from "node:crypto";
import { access, mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes a file unless it is there, whole or not at all, also where two processes make it at once. */
export async function makeOnce(path: string, make: (staged: string) => Promise<unknown>): Promise<void> {
  if (await exists(path)) return;
  await mkdir(dirname(path), { recursive: true });
  const staged = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    await make(staged);
    await rename(staged, path);
  } finally {
    await rm(staged, { force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
