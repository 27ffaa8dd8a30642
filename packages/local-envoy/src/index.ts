export { EnvoyStartError, EnvoyUnavailableError, FreePortsError } from "./errors.ts";
export { type EnvoyProgress, envoyCachePath, type FindEnvoyOptions, type FoundEnvoy, findEnvoy, userCacheFolder } from "./find.ts";
export { type LeashedOptions, type LeashedProcess, spawnLeashed } from "./leash.ts";
export { readLogTail } from "./log.ts";
export { freePorts } from "./ports.ts";
export { ENVOY_VERSION } from "./release.ts";
export { type RunningEnvoy, type StartEnvoyOptions, startEnvoy } from "./start.ts";
