const UNITS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number behind a quantity of Kubernetes' such as `250m` or `1.5Gi`; `NaN` where it is none. */
export function readQuantity(quantity: string): number {
  const [, number = "", unit = "", exponent] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(quantity) ?? [];
  return number === "" ? Number.NaN : Number(number) * (exponent === undefined ? (UNITS[unit] ?? Number.NaN) : 10 ** Number(exponent));
}
