import { formatFigure } from '../report.ts';
import { formatTable } from '../table.ts';
import type { Figure, LatencySeries, Outcome, ShareGroup } from './outcome.ts';
import { percentile } from './shares.ts';

export function formatOutcomes(outcomes: readonly Outcome[]): string {
  const blocks = [
    formatFigures(outcomes.flatMap(({ part, figures }) => figures.map((figure) => [part, figure] as const))),
    formatShares(outcomes.flatMap(({ groups }) => groups)),
    formatLatencies(outcomes.flatMap(({ latencies }) => latencies)),
    outcomes.map(({ part, driftPart, othersPart }) => `${part}: what guests do alone changed by ${percent(driftPart)} at most; others had up to ${percent(othersPart)} of the processors in a window`).join('\n'),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

export function formatVerdict({ isReached }: Figure): string {
  if (isReached === undefined) return '';
  return isReached ? 'reached' : 'not reached';
}

/** Shares and indexes need four digits where others have three: 0.99 is the question. */
export function formatValue({ value, unit }: Figure): string {
  return unit === '' ? value.toFixed(4) : `${formatFigure(value)} ${unit}`;
}

function formatFigures(figures: readonly (readonly [string, Figure])[]): string {
  const rows = figures.map(([part, figure]) => [
    part,
    figure.name,
    formatValue(figure),
    figure.bar === undefined ? '' : `${figure.bar.sign} ${formatFigure(figure.bar.limit)}`,
    formatVerdict(figure),
  ]);
  return formatTable([['part', 'figure', 'value', 'bar', 'reached'], ...rows], 2);
}

function formatShares(groups: readonly ShareGroup[]): string {
  if (groups.length === 0) return '';
  const rows = groups.flatMap(({ title, guests }) =>
    guests.map(({ guest, share, promised, heldPart, turnCount, submitCount, alonePerSecond }) => [
      title,
      guest,
      share.toFixed(4),
      promised === null ? 'nothing' : promised.toFixed(4),
      heldPart.toFixed(4),
      String(turnCount),
      String(submitCount),
      formatFigure(alonePerSecond),
    ]),
  );
  return formatTable([['together', 'guest', 'share', 'promised', 'held', 'turns', 'submits', 'alone, a second'], ...rows], 2);
}

function formatLatencies(series: readonly LatencySeries[]): string {
  if (series.length === 0) return '';
  const rows = series.map(({ title, latenciesMs, longestSubmitMs, boundMs }) => [
    title,
    String(latenciesMs.length),
    ...[0.5, 0.9, 0.99, 1].map((part) => formatFigure(percentile(latenciesMs, part))),
    formatFigure(longestSubmitMs),
    boundMs === null ? 'none' : formatFigure(boundMs),
  ]);
  return formatTable([['frames', 'count', 'p50 ms', 'p90', 'p99', 'max', 'longest submit', 'bound'], ...rows]);
}
