import { UNKNOWN, bytes, latency, percent, rate } from './cells.ts';
import type { PartitionRates } from './rates.ts';

export interface Column {
  readonly head: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  text(partition: PartitionRates): string;
}

/** Between columns. */
const GAP = ' ';
const NAME_WIDTH_MAX = 24;
/** A shorter history says little. */
const HISTORY_WIDTH_MIN = 8;
export const HISTORY_WIDTH_MAX = 60;

/** Behind the name, from the one that goes last where there is no room to the one that goes first. */
const COLUMNS: readonly Column[] = [
  right('SHARE', 7, ({ share }) => percent(share)),
  right('PROMISE', 7, ({ promisedShare }) => percent(promisedShare)),
  right('MEMORY', 14, ({ vramBytes, vramBudgetBytes }) => `${bytes(vramBytes)} of ${bytes(vramBudgetBytes)}`),
  right('SUBMITS/S', 9, ({ submitsPerSecond }) => rate(submitsPerSecond)),
  right('P99', 7, ({ latencyUs }) => latency(latencyUs?.p99 ?? null)),
  right('P50', 7, ({ latencyUs }) => latency(latencyUs?.p50 ?? null)),
];
/** Only where a history fits beside them. */
const FURTHER: readonly Column[] = [
  right('GUESTS', 6, ({ contextCount, contextsMax }) => (contextsMax === 0 ? UNKNOWN : `${contextCount}/${contextsMax}`)),
  right('WAIT P99', 8, ({ queueWaitUs }) => latency(queueWaitUs?.p99 ?? null)),
];

function right(head: string, width: number, text: (partition: PartitionRates) => string): Column {
  return { head, width, align: 'right', text };
}

export interface Layout {
  readonly columns: readonly Column[];
  /** 0: there is no room for one. */
  readonly historyWidth: number;
}

/** What fits side by side on a screen so wide. */
export function layoutFor(partitions: readonly PartitionRates[], { width, hasHistory }: { readonly width: number; readonly hasHistory: boolean }): Layout {
  const historyMin = hasHistory ? GAP.length + HISTORY_WIDTH_MIN : 0;
  let left = width;
  const take = (column: Column, reserve: number): boolean => {
    const isTaken = GAP.length + column.width + reserve <= left;
    if (isTaken) left -= GAP.length + column.width;
    return isTaken;
  };
  const first = nameColumn(partitions, width);
  left -= first.width;
  const taken = prefix(COLUMNS, (column) => take(column, 0));
  const further = taken.length < COLUMNS.length ? [] : [...severalAdapters(partitions), ...FURTHER].filter((column) => take(column, historyMin));
  const historyWidth = hasHistory && left >= historyMin ? Math.min(HISTORY_WIDTH_MAX, left - GAP.length) : 0;
  return { columns: [first, ...inReadingOrder(taken), ...further], historyWidth };
}

function nameColumn(partitions: readonly PartitionRates[], width: number): Column {
  const head = 'PARTITION';
  const longest = Math.max(head.length, ...partitions.map(({ name }) => name.length));
  return { head, width: Math.min(longest, NAME_WIDTH_MAX, width), align: 'left', text: ({ name }) => name };
}

function severalAdapters(partitions: readonly PartitionRates[]): readonly Column[] {
  const ids = new Set(partitions.map(({ adapter }) => adapter));
  if (ids.size < 2) return [];
  return [{ head: 'ADAPTER', width: Math.max(...[...ids].map((id) => id.length)), align: 'left', text: ({ adapter }) => adapter }];
}

/** p50 stands before p99, and goes before it. */
function inReadingOrder(columns: readonly Column[]): readonly Column[] {
  const [p99, p50] = columns.slice(-2);
  return p50?.head === 'P50' && p99 !== undefined ? [...columns.slice(0, -2), p50, p99] : columns;
}

function prefix<T>(list: readonly T[], fits: (item: T) => boolean): readonly T[] {
  const end = list.findIndex((item) => !fits(item));
  return end === -1 ? list : list.slice(0, end);
}

export function headOf({ columns, historyWidth }: Layout): string {
  return joined([...columns.map((column) => cell(column.head, column)), ...(historyWidth > 0 ? ['HISTORY'] : [])]);
}

/** `last` is in the place of the history. */
export function rowOf(partition: PartitionRates, { columns }: Layout, last: string): string {
  return joined([...columns.map((column) => cell(column.text(partition), column)), last]);
}

function joined(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd();
}

function cell(text: string, { width, align }: Column): string {
  const short = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}~` : text;
  return align === 'left' ? short.padEnd(width) : short.padStart(width);
}
