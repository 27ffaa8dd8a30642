const DECIMAL = /^(?<whole>\d*)\.?(?<fraction>\d*)$/;

/**
 * A decimal number times a whole factor, exactly, or `undefined` where that is no whole number: 0.1 of floating point times a million is one
 * by luck only.
 */
export function timesExactly(decimal: string, factor: bigint): bigint | undefined {
  const { whole = "", fraction = "" } = DECIMAL.exec(decimal)?.groups ?? {};
  const product = BigInt(`${whole}${fraction}`) * factor;
  const scale = 10n ** BigInt(fraction.length);
  return product % scale === 0n ? product / scale : undefined;
}
