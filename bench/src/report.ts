import type { Bar } from './bars.ts';
import type { Result } from './result.ts';
import { formatTable } from './table.ts';

/** Three figures that count, whatever the size. */
export function formatFigure(value: number | undefined): string {
  if (value === undefined) return '–';
  if (value === 0) return '0';
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value >= 100 ? 1 : value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

/** As people say it: 0.05 of something is one twentieth, 1.15 of it is 1.15 times as much. */
export function formatBar(bar: Bar, better: 'higher' | 'lower'): string {
  const sign = better === 'higher' ? '≥' : '≤';
  if (bar.against === 'nothing') return `${sign} ${formatFigure(bar.must)}`;
  const amount = bar.must <= 0.5 ? `1/${Math.round(1 / bar.must)}` : `${bar.must}×`;
  return `${sign} ${amount} ${bar.against}`;
}

function verdict({ isMustReached, isAimReached }: Result): string {
  if (isMustReached === undefined) return '';
  return isAimReached ? 'aim' : isMustReached ? 'must' : 'NOT reached';
}

export function formatResults(results: readonly Result[]): string {
  const hasChromium = results.some(({ chromium }) => chromium !== undefined);
  const hasDda = results.some(({ dda }) => dda !== undefined);
  const head = ['name', 'unit', 'webgpu', 'tuned', 'gpup', ...(hasDda ? ['dda'] : []), ...(hasChromium ? ['chromium'] : []), 'gpup/webgpu', 'gpup/tuned', ...(hasDda ? ['gpup/dda'] : []), '95 %', ...(hasChromium ? ['gpup/chromium'] : []), 'better', 'must', 'reached'];
  const rows = results.map((each) => [
    each.name,
    each.unit,
    formatFigure(each.native),
    formatFigure(each.nativeTuned),
    formatFigure(each.gpup),
    ...(hasDda ? [formatFigure(each.dda)] : []),
    ...(hasChromium ? [formatFigure(each.chromium)] : []),
    formatFigure(each.ratio),
    formatFigure(each.ratioTuned),
    ...(hasDda ? [formatFigure(each.ratioDda)] : []),
    each.interval === undefined ? '–' : each.interval.map(formatFigure).join('–'),
    ...(hasChromium ? [formatFigure(each.ratioChromium)] : []),
    each.better,
    each.must === undefined ? '' : formatBar(each.must, each.better),
    verdict(each),
  ]);
  return formatTable([head, ...rows], 2);
}

/** One sentence for each figure that is missing. */
export function missingFigures(results: readonly Result[]): string[] {
  return results.flatMap(({ name, failures }) => Object.entries(failures).map(([contestant, message]) => `${name}, ${contestant}: ${message}`));
}

/** One sentence for each reason why somebody takes no part, with the workloads that it is about. */
export function leftOutFigures(results: readonly Result[]): string[] {
  const workloads = new Map<string, string[]>();
  for (const { name, leftOut } of results) {
    for (const [contestant, reason] of Object.entries(leftOut)) {
      const key = `${contestant}: ${reason}`;
      workloads.set(key, [...(workloads.get(key) ?? []), name]);
    }
  }
  return [...workloads].map(([key, names]) => `${key} (${names.join(', ')})`);
}
