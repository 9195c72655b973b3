/** Numbers for narrow columns: three digits say what people compare. */
export const UNKNOWN = '-';

export function percent(part: number | null): string {
  if (part === null) return UNKNOWN;
  const hundredths = part * 100;
  return `${hundredths.toFixed(hundredths < 99.95 ? 1 : 0)} %`;
}

const SIZE_UNITS = ['', 'K', 'M', 'G', 'T', 'P'] as const;

export function bytes(count: number): string {
  return scaled(count, 1024, SIZE_UNITS);
}

const RATE_UNITS = ['', 'k', 'M', 'G'] as const;

export function rate(perSecond: number | null): string {
  return perSecond === null ? UNKNOWN : scaled(perSecond, 1000, RATE_UNITS);
}

const TIME_UNITS = [' us', ' ms', ' s', ' ks'] as const;

export function latency(us: number | null): string {
  return us === null ? UNKNOWN : scaled(us, 1000, TIME_UNITS);
}

/** In the smallest unit in which it has no more digits than the base has. */
function scaled(value: number, base: number, units: readonly string[]): string {
  let power = 0;
  let scaledValue = value;
  while (Math.round(scaledValue) >= base && power < units.length - 1) {
    scaledValue /= base;
    power += 1;
  }
  return `${threeDigits(scaledValue)}${units[power]}`;
}

function threeDigits(value: number): string {
  if (value === 0 || value >= 99.95) return value.toFixed(0);
  return value.toFixed(value >= 9.995 ? 1 : 2);
}
