import { printable } from '@gpup/base';
import { bytes, percent } from './cells.ts';
import { type Layout, headOf, layoutFor, rowOf } from './columns.ts';
import { graph } from './graph.ts';
import { type Histories, adapterKey } from './history.ts';
import type { AdapterRates, PartitionRates, Rates } from './rates.ts';
import { type Sorting, sorted } from './sorting.ts';

/** How a line is to look, where it can. */
export type LineStyle = 'plain' | 'title' | 'head' | 'faint' | 'alarm';
export interface Line {
  readonly text: string;
  readonly style: LineStyle;
}

export interface Screen {
  readonly width: number;
  /** Infinity: as many lines as there are. */
  readonly height: number;
  readonly blocks: string;
}

/** All that the picture is made of. */
export interface TopState {
  /** Undefined until there are two samples. */
  readonly rates: Rates | undefined;
  readonly histories: Histories;
  /** Why the host cannot be asked at present. */
  readonly trouble: string | undefined;
  readonly intervalMs: number;
  readonly sorting: Sorting;
  /** Of the partitions, so many are above the screen. */
  readonly scroll: number;
  /** Graphs, and what keys do. */
  readonly isLive: boolean;
}

/** Fewer rows are not worth a line for each adapter. */
const ROWS_MIN = 3;
const ADAPTER_GRAPH_WIDTH = 16;
/** Each word of the order is its first letter. */
const KEYS = 'q quit  sort: share name memory rate latency  arrows scroll';

/** Never more lines than the screen has, and none wider. */
export function linesOf(state: TopState, screen: Screen): readonly Line[] {
  const partitions = sorted(state.rates?.partitions ?? [], state.sorting);
  const layout = layoutFor(partitions, { width: screen.width, hasHistory: state.isLive });
  const parts = partsFor(state, partitions.length, screen.height);
  const rows = partitions.slice(firstRow(state.scroll, partitions.length, parts.rowCount)).slice(0, parts.rowCount);
  const lines: Line[] = [titleLine(state)];
  if (parts.hasAdapters) lines.push(...(state.rates?.adapters ?? []).map((adapter) => adapterLine(adapter, state, screen)));
  if (parts.hasHead) lines.push({ text: headOf(layout), style: 'head' });
  lines.push(...rows.map((partition) => partitionLine(partition, layout, state, screen)));
  if (partitions.length === 0 && parts.rowCount > 0) lines.push({ text: emptyText(state), style: 'faint' });
  if (parts.hasFoot) lines.push({ text: footText(state, partitions.length, rows.length, parts.rowCount), style: 'faint' });
  return lines.slice(0, Math.max(0, screen.height)).map(({ text, style }) => ({ text: cut(printable(text), screen.width), style }));
}

/** So far one can scroll. */
export function scrollMax(state: TopState, screen: Screen): number {
  const count = state.rates?.partitions.length ?? 0;
  return Math.max(0, count - partsFor(state, count, screen.height).rowCount);
}

/** How many rows a screen shows. */
export function rowCountOf(state: TopState, screen: Screen): number {
  return partsFor(state, state.rates?.partitions.length ?? 0, screen.height).rowCount;
}

interface Parts {
  readonly hasAdapters: boolean;
  readonly hasHead: boolean;
  readonly hasFoot: boolean;
  readonly rowCount: number;
}

/** On a small screen what is around the rows goes first: the adapters, the foot, the head. */
function partsFor({ rates, isLive }: TopState, partitionCount: number, height: number): Parts {
  const wanted = Math.min(ROWS_MIN, Math.max(1, partitionCount));
  let left = height - 1 - wanted;
  const take = (count: number): boolean => {
    if (count > left) return false;
    left -= count;
    return true;
  };
  const hasHead = take(1);
  const hasFoot = isLive && take(1);
  const hasAdapters = take(rates?.adapters.length ?? 0);
  return { hasHead, hasFoot, hasAdapters, rowCount: Math.max(0, left + wanted) };
}

function firstRow(scroll: number, count: number, rowCount: number): number {
  return Math.max(0, Math.min(scroll, count - rowCount));
}

function titleLine({ rates, trouble, intervalMs, sorting }: TopState): Line {
  if (trouble !== undefined) return { text: `gpup top  ${trouble} Trying again.`, style: 'alarm' };
  if (rates === undefined) return { text: 'gpup top', style: 'title' };
  const guests = rates.partitions.reduce((sum, { contextCount }) => sum + contextCount, 0);
  const time = new Date(rates.timeMs).toISOString().slice(11, 19);
  const by = `${sorting.key}${sorting.isReversed ? ' (reversed)' : ''}`;
  const what = [counted(rates.adapters.length, 'adapter'), counted(rates.partitions.length, 'partition'), counted(guests, 'guest')].filter((text) => text !== '');
  return { text: `gpup top  ${time}Z  ${what.join(', ')}  every ${intervalMs / 1000} s, by ${by}`, style: 'title' };
}

/** Adapters that may not be seen are not spoken of. */
function counted(count: number, noun: string): string {
  if (count === 0 && noun === 'adapter') return '';
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function adapterLine({ id, name, mode, owner, scheduling: { policy, sliceMs }, share, vramBytes, vramTotalBytes }: AdapterRates, { histories, isLive }: TopState, { blocks }: Screen): Line {
  if (mode === 'dda') return { text: `${id}  ${owner === null ? 'kept for one guest as a whole' : `owned by ${owner}`}  ${name}`, style: 'faint' };
  const picture = isLive ? `  ${graph(histories.get(adapterKey(id)) ?? [], { width: ADAPTER_GRAPH_WIDTH, full: 1, blocks })}` : '';
  // There are turns under the other policies only.
  const sharing = policy === 'best-effort' ? policy : `${policy}, ${sliceMs} ms`;
  return { text: `${id}  ${percent(share).padStart(7)}${picture}  ${bytes(vramBytes)} of ${bytes(vramTotalBytes)}  ${sharing}  ${name}`, style: 'plain' };
}

function partitionLine(partition: PartitionRates, layout: Layout, { histories }: TopState, { blocks }: Screen): Line {
  const { name, state, promisedShare, contextCount } = partition;
  const isIdle = contextCount === 0 && partition.share === 0;
  const picture = graph(histories.get(name) ?? [], { width: layout.historyWidth, full: promisedShare ?? 0, blocks });
  return {
    text: rowOf(partition, layout, state === 'blocked' ? state : picture),
    style: state === 'blocked' ? 'alarm' : isIdle ? 'faint' : 'plain',
  };
}

function emptyText({ rates, trouble }: TopState): string {
  if (rates !== undefined) return 'There are no partitions.';
  return trouble === undefined ? 'Measuring.' : '';
}

function footText({ scroll }: TopState, count: number, shownCount: number, rowCount: number): string {
  if (shownCount >= count) return KEYS;
  const first = firstRow(scroll, count, rowCount);
  return `rows ${first + 1} to ${first + shownCount} of ${count}  ${KEYS}`;
}

function cut(text: string, width: number): string {
  return text.length > width ? text.slice(0, Math.max(0, width)) : text;
}
