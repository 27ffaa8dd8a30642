/** Why no Envoy can be had on this machine. */
export type EnvoyUnavailableCode =
  | "ENVOY_UNUSABLE"
  | "ENVOY_PLATFORM_UNSUPPORTED"
  | "ENVOY_CACHE_UNUSABLE"
  | "ENVOY_PYTHON_MISSING"
  | "ENVOY_FETCH_FAILED"
  | "ENVOY_FETCH_UNUSABLE";

/** No Envoy can be had: the message says what was tried and what to do. */
export class EnvoyUnavailableError extends Error {
  override readonly name = "EnvoyUnavailableError";
  readonly code: EnvoyUnavailableCode;

  constructor(code: EnvoyUnavailableCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Why an Envoy did not come up. */
export type EnvoyStartCode = "ENVOY_CONFIG_REJECTED" | "ENVOY_PORT_TAKEN" | "ENVOY_EXITED" | "ENVOY_NOT_READY";

/** An Envoy did not come up: the message holds Envoy's own words, and `logPath` is the file that has all of them. */
export class EnvoyStartError extends Error {
  override readonly name = "EnvoyStartError";
  readonly code: EnvoyStartCode;
  /** The file with everything that Envoy printed. */
  readonly logPath: string;

  constructor(code: EnvoyStartCode, message: string, logPath: string) {
    super(message);
    this.code = code;
    this.logPath = logPath;
  }
}

/** So many free ports were not found. */
export class FreePortsError extends Error {
  override readonly name = "FreePortsError";
  readonly code = "NO_FREE_PORTS";
}
