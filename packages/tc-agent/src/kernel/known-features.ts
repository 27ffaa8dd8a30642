import { readFileSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Features, probeFeatures } from "./features.ts";
import { makeRunFolder, RUN_FOLDER } from "./run-folder.ts";

const features: z.ZodType<Features> = z.strictObject({
  netem: z.boolean(),
  tbf: z.boolean(),
  redirect: z.boolean(),
  flower: z.boolean(),
  u32: z.boolean(),
  actions: z.boolean(),
  marks: z.boolean(),
  connmark: z.boolean(),
  lease: z.boolean(),
  seed: z.boolean(),
});

/** {@link probeFeatures}, remembered until the next boot where all is there: what is missing may be installed at any time. */
export async function knownFeatures(): Promise<Features> {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const file = join(RUN_FOLDER, `features-1-${boot}.json`);
  try {
    return features.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    // Not asked yet, or by another version.
  }
  const found = await probeFeatures();
  const { seed: _, ...needed } = found;
  if (Object.values(needed).every((isThere) => isThere)) {
    try {
      makeRunFolder(RUN_FOLDER);
      await writeFile(`${file}.${process.pid}`, JSON.stringify(found));
      await rename(`${file}.${process.pid}`, file);
    } catch {
      // Then it is asked again next time.
    }
  }
  return found;
}
