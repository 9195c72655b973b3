export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

const WIDTH = 720;
const HEIGHT = 420;
const MARGIN = { top: 48, right: 24, bottom: 48, left: 64 };
const TICK_COUNT = 5;
const FONT = 'font-family="system-ui, sans-serif" font-size="13" fill="#57606a"';

/** The loss of a training over its steps, as an SVG picture. */
export function lossCurve(measured: readonly LossPoint[], title: string): string {
  const points = measured.filter(({ loss }) => Number.isFinite(loss));
  const stepMax = Math.max(1, ...points.map(({ step }) => step));
  const lossMax = niceCeiling(Math.max(0, ...points.map(({ loss }) => loss)));
  const x = (step: number): number => MARGIN.left + (step / stepMax) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (loss: number): number => HEIGHT - MARGIN.bottom - (loss / lossMax) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const line = points.map(({ step, loss }) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`).join(' ');
  const last = points.at(-1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${MARGIN.left}" y="28" font-family="system-ui, sans-serif" font-size="16" fill="#1f2328">${escaped(title)}</text>`,
    ...ticks(lossMax).map((loss) => horizontal(loss, y(loss))),
    ...ticks(stepMax).map((step) => `<text x="${x(step)}" y="${HEIGHT - 26}" ${FONT} text-anchor="middle">${Math.round(step)}</text>`),
    `<text x="${(WIDTH + MARGIN.left - MARGIN.right) / 2}" y="${HEIGHT - 8}" ${FONT} text-anchor="middle">step</text>`,
    `<text x="18" y="${HEIGHT / 2}" ${FONT} text-anchor="middle" transform="rotate(-90 18 ${HEIGHT / 2})">loss</text>`,
    `<polyline points="${line}" fill="none" stroke="#0969da" stroke-width="2" stroke-linejoin="round"/>`,
    last === undefined ? '' : `<circle cx="${x(last.step).toFixed(1)}" cy="${y(last.loss).toFixed(1)}" r="3.5" fill="#0969da"/>`,
    '</svg>',
    '',
  ].join('\n');
}

function horizontal(loss: number, at: number): string {
  return (
    `<line x1="${MARGIN.left}" y1="${at}" x2="${WIDTH - MARGIN.right}" y2="${at}" stroke="#d8dee4"/>` +
    `<text x="${MARGIN.left - 8}" y="${at + 4}" ${FONT} text-anchor="end">${Number(loss.toFixed(2))}</text>`
  );
}

function ticks(max: number): readonly number[] {
  return Array.from({ length: TICK_COUNT + 1 }, (_, index) => (index / TICK_COUNT) * max);
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 2.5, 5, 10].find((each) => each * power >= value) ?? 10;
  return factor * power;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
