import { UsageError } from './usage-error.ts';

/** Powers of 1024, with or without the i: memory is bought and reported so. */
const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
const BYTE_COUNT = /^(\d+(?:\.\d+)?) ?([KMGT]?)(?:i?B)?$/i;

/** `268435456`, `256MiB`, `1G`, `1.5GiB`. */
export function parseByteCount(text: string, options: { readonly option: string; readonly bytesMax: number }): number {
  const [, number = '', unit = ''] = BYTE_COUNT.exec(text.trim()) ?? [];
  const bytes = Number(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN);
  if (number === '' || !Number.isSafeInteger(bytes)) {
    throw new UsageError(`${options.option} (${text}) is not a number of bytes; examples: 268435456, 256MiB, 1G.`);
  }
  if (bytes < 1) throw new UsageError(`${options.option} (${text}) is below the limit (1 byte).`);
  if (bytes > options.bytesMax) throw new UsageError(`${options.option} (${text}) is above the limit (${formatByteCount(options.bytesMax)}).`);
  return bytes;
}

/** In the largest unit that the count is a whole number of. */
export function formatByteCount(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const size = UNITS[unit.charAt(0)] ?? 1;
    if (bytes >= size && bytes % size === 0) return `${bytes / size} ${unit}`;
  }
  return `${bytes} bytes`;
}
