const NUMBER = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** Microseconds as a person says them: `120 ms`. */
export function printDuration(us: number): string {
  if (us >= 1_000_000) return `${print(us / 1_000_000)} s`;
  return us >= 1_000 ? `${print(us / 1_000)} ms` : `${print(us)} us`;
}

/** Bits a second as a person says them: `2 Mbit/s`. */
export function printRate(bits: number): string {
  if (bits >= 1e9) return `${print(bits / 1e9)} Gbit/s`;
  if (bits >= 1e6) return `${print(bits / 1e6)} Mbit/s`;
  return bits >= 1e3 ? `${print(bits / 1e3)} kbit/s` : `${print(bits)} bit/s`;
}

/** Bytes as a person says them: `12.5 kB`. */
export function printBytes(bytes: number): string {
  if (bytes >= 1e6) return `${print(bytes / 1e6)} MB`;
  return bytes >= 1e3 ? `${print(bytes / 1e3)} kB` : `${print(bytes)} bytes`;
}

/** A fraction as a percentage: `1.99 %`. */
export function printShare(fraction: number): string {
  return `${print(fraction * 100)} %`;
}

function print(value: number): string {
  return NUMBER.format(value);
}
