/** The ratios as a picture: one row a workload, on a logarithmic axis, better to the right. */
import { formatBar, formatFigure } from './report.ts';
import type { Result } from './result.ts';

const LAYOUT = { width: 960, left: 210, right: 290, top: 92, row: 24, bottom: 62 } as const;
const AXIS = { min: 1 / 32, max: 64 } as const;
const TICKS = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32, 64] as const;
const COLOUR = { text: '#24292f', faint: '#8c959f', grid: '#e6e9ec', one: '#8c959f', tuned: '#0969da', native: '#9a6700', chromium: '#8250df', reached: '#1a7f37', missed: '#cf222e' } as const;

const plotWidth = LAYOUT.width - LAYOUT.left - LAYOUT.right;

/** Where a factor is on the axis; beyond its ends, at the end. */
function x(factor: number): number {
  const clamped = Math.min(AXIS.max, Math.max(AXIS.min, factor));
  return LAYOUT.left + (Math.log2(clamped / AXIS.min) / Math.log2(AXIS.max / AXIS.min)) * plotWidth;
}

const px = (value: number): string => value.toFixed(1);
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function text(atX: number, atY: number, content: string, attributes = ''): string {
  return `<text x="${px(atX)}" y="${px(atY)}" ${attributes}>${escaped(content)}</text>`;
}

/** How many times better than the other: of a ratio gpup / other. */
function factor(result: Result, ratio: number): number {
  return result.better === 'higher' ? ratio : 1 / ratio;
}

/** The factor at which a bar is, against tuned or native as the bar says, so that it can be drawn on the axis. */
function barFactor(result: Result): number | undefined {
  const { must, native, nativeTuned, better } = result;
  if (must === undefined) return undefined;
  if (must.against !== 'nothing') return factor(result, must.must);
  const other = nativeTuned ?? native;
  if (other === undefined || other === 0) return undefined;
  return better === 'higher' ? must.must / other : other / must.must;
}

function row(result: Result, index: number): string {
  const y = LAYOUT.top + index * LAYOUT.row + LAYOUT.row / 2;
  const parts: string[] = [];
  if (index % 2 === 1) parts.push(`<rect x="0" y="${px(y - LAYOUT.row / 2)}" width="${LAYOUT.width}" height="${LAYOUT.row}" fill="#f6f8fa"/>`);
  parts.push(text(LAYOUT.left - 12, y + 4, result.name, 'text-anchor="end"'));
  const bar = barFactor(result);
  if (bar !== undefined) {
    const colour = result.isMustReached ? COLOUR.reached : COLOUR.missed;
    parts.push(`<line x1="${px(x(bar))}" x2="${px(x(bar))}" y1="${px(y - 9)}" y2="${px(y + 9)}" stroke="${colour}" stroke-width="3"/>`);
  }
  parts.push(...marks(result, y));
  const figures = `${formatFigure(result.gpup)} ${result.unit}`;
  parts.push(text(LAYOUT.width - LAYOUT.right + 16, y + 4, figures));
  if (result.must !== undefined) {
    const colour = result.isMustReached ? COLOUR.reached : COLOUR.missed;
    parts.push(text(LAYOUT.width - 12, y + 4, formatBar(result.must, result.better), `text-anchor="end" fill="${colour}"`));
  }
  return parts.join('\n');
}

function marks(result: Result, y: number): string[] {
  const { ratio, ratioTuned, ratioDda, ratioChromium, interval } = result;
  const parts: string[] = [];
  if (interval !== undefined) {
    const [a, b] = [x(factor(result, interval[0])), x(factor(result, interval[1]))];
    parts.push(`<line x1="${px(Math.min(a, b))}" x2="${px(Math.max(a, b))}" y1="${px(y)}" y2="${px(y)}" stroke="${COLOUR.tuned}" stroke-width="2"/>`);
  }
  if (ratioChromium !== undefined) {
    const at = x(factor(result, ratioChromium));
    parts.push(`<path d="M${px(at)} ${px(y - 5)}l5 5l-5 5l-5 -5z" fill="${COLOUR.chromium}"/>`);
  }
  if (ratio !== undefined) parts.push(`<circle cx="${px(x(factor(result, ratio)))}" cy="${px(y)}" r="5" fill="#fff" stroke="${COLOUR.native}" stroke-width="2"/>`);
  const compared = ratioTuned ?? ratioDda;
  if (compared !== undefined) parts.push(`<circle cx="${px(x(factor(result, compared)))}" cy="${px(y)}" r="5" fill="${COLOUR.tuned}"/>`);
  return parts;
}

function axis(height: number): string {
  const name = (tick: number): string => (tick < 1 ? `1/${1 / tick}` : `${tick}×`);
  return TICKS.map((tick) => {
    const at = px(x(tick));
    const line = `<line x1="${at}" x2="${at}" y1="${LAYOUT.top}" y2="${height - LAYOUT.bottom + 4}" stroke="${tick === 1 ? COLOUR.one : COLOUR.grid}"/>`;
    return `${line}\n${text(x(tick), height - LAYOUT.bottom + 20, name(tick), `text-anchor="middle" fill="${COLOUR.faint}"`)}`;
  }).join('\n');
}

function legend(hasChromium: boolean): string {
  const y = 66;
  const entries = [
    [`<circle cx="0" cy="${y - 4}" r="5" fill="${COLOUR.tuned}"/>`, 'than npm webgpu, tuned, or than dda (95 % interval)'],
    [`<circle cx="0" cy="${y - 4}" r="5" fill="#fff" stroke="${COLOUR.native}" stroke-width="2"/>`, 'than npm webgpu as it comes'],
    ...(hasChromium ? [[`<path d="M0 ${y - 9}l5 5l-5 5l-5 -5z" fill="${COLOUR.chromium}"/>`, 'than Chromium']] : []),
    [`<line x1="0" x2="0" y1="${y - 12}" y2="${y + 4}" stroke="${COLOUR.reached}" stroke-width="3"/>`, 'must'],
  ] as [string, string][];
  let at = LAYOUT.left;
  return entries
    .map(([mark, label]) => {
      const placed = `<g transform="translate(${at},0)">${mark}${text(12, y, label)}</g>`;
      at += 34 + label.length * 6.4;
      return placed;
    })
    .join('\n');
}

/** A whole SVG file, which needs nothing else. */
export function picture(results: readonly Result[], { machine }: { readonly machine: string }): string {
  const height = LAYOUT.top + results.length * LAYOUT.row + LAYOUT.bottom;
  const hasChromium = results.some(({ ratioChromium }) => ratioChromium !== undefined);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LAYOUT.width} ${height}" width="${LAYOUT.width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="${COLOUR.text}">
<title>How many times better a gpup partition is</title>
<rect width="${LAYOUT.width}" height="${height}" fill="#fff"/>
${text(LAYOUT.left, 24, 'How many times better a gpup partition is', 'font-size="16" font-weight="600"')}
${text(LAYOUT.left, 44, `${machine}; medians; better is to the right`, `fill="${COLOUR.faint}"`)}
${legend(hasChromium)}
${results.map(row).join('\n')}
${axis(height)}
${text(LAYOUT.width - LAYOUT.right + 16, LAYOUT.top - 8, 'gpup', `fill="${COLOUR.faint}"`)}
${text(LAYOUT.width - 12, LAYOUT.top - 8, 'must', `text-anchor="end" fill="${COLOUR.faint}"`)}
${text(LAYOUT.left, height - 14, 'Bars for absolute figures stand where the tuned figure divided by the bar is. Not measured on hardware where the adapter is SwiftShader.', `fill="${COLOUR.faint}"`)}
</svg>
`;
}
