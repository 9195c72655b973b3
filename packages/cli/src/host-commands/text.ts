import { printable } from '../printable.ts';

/** Columns for people: left-aligned, two spaces between, the last one as long as it is. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, index) => Math.max(...clean.map((row) => (row[index] ?? '').length)));
  return clean.map((row) => `${row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0))).join('  ').trimEnd()}\n`).join('');
}

/** Names and what they are, one a line. */
export function fields(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, text]) => `${`${name}:`.padEnd(width + 2)}${printable(text)}\n`).join('');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Three digits: what people compare. */
export function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const number = bytes / 1024 ** power;
  return `${power === 0 ? number : Number(number.toPrecision(number < 1000 ? 3 : 4))} ${UNITS[power]}`;
}

export function share(part: number): string {
  return `${Number((part * 100).toPrecision(3))} %`;
}

export function duration(microseconds: number): string {
  const seconds = microseconds / 1e6;
  return seconds < 60 ? `${seconds.toFixed(3)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

export function time(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}
