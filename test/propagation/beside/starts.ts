import { join } from "node:path";
import { APP } from "./running-service.ts";

const SDK_2 = join(import.meta.dirname, "../../opentelemetry-2");
const OURS = "@puggle/propagation/register";

/** One way to start a service with OpenTelemetry in it. */
export interface Start {
  readonly title: string;
  readonly args: readonly string[];
}

const SDKS = [
  ["SDK 3 and API 1.10", APP],
  ["SDK 2 and API 1.9", SDK_2],
] as const;

const FORMATS = [
  ["--require", "cjs"],
  ["--import", "mjs"],
] as const;

/** Both SDKs, as CommonJS and as ES modules, started before us and after us. */
export const besideHooks: readonly Start[] = SDKS.flatMap(([sdk, folder]) =>
  FORMATS.flatMap(([flag, extension]) => {
    const theirs = [flag, join(folder, `open-telemetry.${extension}`)];
    const ours = [flag, OURS];
    const service = join(APP, `service.${extension}`);
    return [
      { title: `${sdk}, ${flag}, before us`, args: [...theirs, ...ours, service] },
      { title: `${sdk}, ${flag}, after us`, args: [...ours, ...theirs, service] },
    ];
  }),
);

/** The same without our hooks. */
export const withoutHooks: readonly Start[] = SDKS.flatMap(([sdk, folder]) =>
  FORMATS.map(([flag, extension]) => ({
    title: `${sdk}, ${flag}`,
    args: [flag, join(folder, `open-telemetry.${extension}`), join(APP, `service.${extension}`)],
  })),
);
