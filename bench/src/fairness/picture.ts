/** Shares against promises, a bar a guest, and the distribution of latencies: one SVG file that needs nothing else. */
import type { LatencySeries, Outcome, ShareGroup } from './outcome.ts';
import { jainIndex, percentile, sum } from './shares.ts';

const LAYOUT = { width: 960, margin: 24, top: 84, columns: 3, cellHeight: 150, plotHeight: 260, left: 52 } as const;
const COLOUR = { text: '#24292f', faint: '#6e7781', grid: '#e6e9ec', bar: '#54aeff', greedy: '#bf8700', promise: '#cf222e' } as const;
const SERIES_COLOURS = ['#8c959f', '#bf8700', '#cf222e', '#1a7f37', '#0969da', '#8250df'] as const;
const GREEDY = /greedy/;

/** What is no number was not seen, and is drawn as nothing. */
const drawable = (value: number): number => (Number.isFinite(value) ? value : 0);
const shown = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : '–');
const px = (value: number): string => drawable(value).toFixed(1);
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${px(x)}" y="${px(y)}" ${attributes}>${escaped(content)}</text>`;
}

export function picture(outcomes: readonly Outcome[], { machine }: { readonly machine: string }): string {
  const groups = outcomes.flatMap((outcome) => outcome.groups);
  const latencies = outcomes.flatMap((outcome) => outcome.latencies);
  const rows = Math.ceil(groups.length / LAYOUT.columns);
  const plotTop = LAYOUT.top + rows * LAYOUT.cellHeight;
  const height = plotTop + (latencies.length > 0 ? LAYOUT.plotHeight + latencies.length * 16 + 44 : 0) + 28;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LAYOUT.width} ${height}" width="${LAYOUT.width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="${COLOUR.text}">
<title>Who gets how much of the GPU</title>
<rect width="${LAYOUT.width}" height="${height}" fill="#fff"/>
${text(LAYOUT.margin, 26, 'Who gets how much of the GPU', 'font-size="16" font-weight="600"')}
${text(LAYOUT.margin, 46, machine, `fill="${COLOUR.faint}"`)}
${text(LAYOUT.margin, 64, "Bars: a guest's work, as part of what it does alone in the same time. Red lines: what the policy promises. Brown: the guest that asks for far more.", `fill="${COLOUR.faint}"`)}
${groups.map((group, index) => sharesCell(group, index)).join('\n')}
${latencies.length > 0 ? latencyPlot(latencies, plotTop) : ''}
${text(LAYOUT.margin, height - 12, 'Not measured on hardware where the adapter is SwiftShader.', `fill="${COLOUR.faint}"`)}
</svg>
`;
}

/** One group of guests who worked together. */
function sharesCell({ title, guests }: ShareGroup, index: number): string {
  const cellWidth = (LAYOUT.width - 2 * LAYOUT.margin) / LAYOUT.columns;
  const x = LAYOUT.margin + (index % LAYOUT.columns) * cellWidth;
  const y = LAYOUT.top + Math.floor(index / LAYOUT.columns) * LAYOUT.cellHeight;
  const plot = { left: x + 32, bottom: y + LAYOUT.cellHeight - 28, width: cellWidth - 56, height: LAYOUT.cellHeight - 66 };
  const shares = guests.map(({ share }) => share);
  const top = Math.max(0.1, ...shares.map(drawable), ...guests.map(({ promised }) => promised ?? 0)) * 1.12;
  const step = plot.width / guests.length;
  const heightOf = (share: number): number => (share / top) * plot.height;
  const bars = guests.map(({ guest, share, promised }, i) => {
    const left = plot.left + i * step + step * 0.15;
    const colour = GREEDY.test(guest) ? COLOUR.greedy : COLOUR.bar;
    const bar = `<rect x="${px(left)}" y="${px(plot.bottom - heightOf(share))}" width="${px(step * 0.7)}" height="${px(heightOf(share))}" fill="${colour}"><title>${escaped(guest)}: ${shown(share, 4)}</title></rect>`;
    const label = text(left + step * 0.35, plot.bottom - heightOf(share) - 3, shown(share, guests.length > 4 ? 2 : 3), 'text-anchor="middle" font-size="10"');
    if (promised === null) return `${bar}\n${label}`;
    const at = px(plot.bottom - heightOf(promised));
    return `${bar}\n<line x1="${px(left - step * 0.1)}" x2="${px(left + step * 0.8)}" y1="${at}" y2="${at}" stroke="${COLOUR.promise}" stroke-width="2"/>\n${label}`;
  });
  const summary = guests.length > 1 ? `Jain ${shown(jainIndex(shares), 3)}, sum ${shown(sum(shares), 3)}` : '';
  return [
    text(x + 8, y + 16, title, 'font-weight="600" font-size="11"'),
    ...bars,
    `<line x1="${px(plot.left)}" x2="${px(plot.left + plot.width)}" y1="${px(plot.bottom)}" y2="${px(plot.bottom)}" stroke="${COLOUR.faint}"/>`,
    text(plot.left, plot.bottom + 16, summary, `fill="${COLOUR.faint}" font-size="11"`),
  ].join('\n');
}

/** How many of the frames took at most so long: a curve for each way to schedule, and a mark at its bound. */
function latencyPlot(series: readonly LatencySeries[], top: number): string {
  const plot = { left: LAYOUT.left, top: top + 44, width: LAYOUT.width - LAYOUT.left - LAYOUT.margin, height: LAYOUT.plotHeight - 60 };
  const maxMs = Math.max(...series.flatMap(({ latenciesMs, boundMs }) => [drawable(percentile(latenciesMs, 1)), boundMs ?? 0])) * 1.05;
  const x = (ms: number): number => plot.left + (ms / maxMs) * plot.width;
  const y = (part: number): number => plot.top + (1 - part) * plot.height;
  const ticks = ticksTo(maxMs).map((ms) => `<line x1="${px(x(ms))}" x2="${px(x(ms))}" y1="${px(plot.top)}" y2="${px(plot.top + plot.height)}" stroke="${COLOUR.grid}"/>\n${text(x(ms), plot.top + plot.height + 16, `${ms} ms`, `text-anchor="middle" fill="${COLOUR.faint}"`)}`);
  const levels = [0, 0.5, 0.99].map((part) => `<line x1="${px(plot.left)}" x2="${px(plot.left + plot.width)}" y1="${px(y(part))}" y2="${px(y(part))}" stroke="${COLOUR.grid}"/>\n${text(plot.left - 6, y(part) + 4, `${part * 100} %`, `text-anchor="end" fill="${COLOUR.faint}"`)}`);
  const curves = series.map(({ latenciesMs, boundMs }, i) => {
    const colour = SERIES_COLOURS[i % SERIES_COLOURS.length] as string;
    const bound = boundMs === null ? '' : `\n<line x1="${px(x(boundMs))}" x2="${px(x(boundMs))}" y1="${px(plot.top)}" y2="${px(plot.top + plot.height)}" stroke="${colour}" stroke-dasharray="4 3"/>`;
    return `<path d="${curve(latenciesMs, x, y)}" fill="none" stroke="${colour}" stroke-width="2"/>${bound}`;
  });
  const legend = series.map(({ title, latenciesMs, boundMs }, i) => {
    const at = plot.top + plot.height + 40 + i * 16;
    const colour = SERIES_COLOURS[i % SERIES_COLOURS.length] as string;
    const figures = `p50 ${shown(percentile(latenciesMs, 0.5), 1)} ms, p99 ${shown(percentile(latenciesMs, 0.99), 1)} ms${boundMs === null ? '' : `, bound ${boundMs.toFixed(1)} ms (dashed)`}`;
    return `<line x1="${px(plot.left)}" x2="${px(plot.left + 18)}" y1="${px(at - 4)}" y2="${px(at - 4)}" stroke="${colour}" stroke-width="3"/>\n${text(plot.left + 26, at, `${title}: ${figures}`)}`;
  });
  const head = text(LAYOUT.margin, top + 24, 'Frames of 1 ms beside submits of 50 ms: how many took at most so long', 'font-weight="600"');
  return [head, ...ticks, ...levels, ...curves, ...legend].join('\n');
}

const CURVE_POINTS = 100;

function curve(latenciesMs: readonly number[], x: (ms: number) => number, y: (part: number) => number): string {
  const points = Array.from({ length: CURVE_POINTS }, (_, i) => {
    const part = (i + 1) / CURVE_POINTS;
    return `${px(x(percentile(latenciesMs, part)))} ${px(y(part))}`;
  });
  return `M${points.join('L')}`;
}

/** Round distances, about eight of them. */
function ticksTo(maxMs: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((each) => maxMs / each <= 9) ?? 2000;
  return Array.from({ length: Math.floor(maxMs / step) + 1 }, (_, i) => i * step);
}
