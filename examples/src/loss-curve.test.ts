import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { lossCurve } from './loss-curve.ts';

test('draws each point between the axes, the largest loss below the top', () => {
  const svg = lossCurve([{ step: 1, loss: 2 }, { step: 2, loss: 0 }], 'a < b & c');
  // 720 x 420 with margins 64 left, 24 right, 48 above and below; the axis goes to 2.
  match(svg, /<polyline points="380\.0,48\.0 696\.0,372\.0"/);
  match(svg, />a &lt; b &amp; c</);
});

for (const [lossMax, top] of [[2.31, '2.5'], [0.9, '1'], [4, '5'], [7, '10'], [0.021, '0.03'], [100, '100']] as const) {
  test(`an axis for losses up to ${lossMax} ends at ${top}`, () => {
    const labels = [...lossCurve([{ step: 1, loss: lossMax }], '').matchAll(/text-anchor="end">([\d.]+)</g)].map((found) => found[1]);
    equal(labels.at(-1), top);
  });
}

test('a training without a finite loss is a picture as well', () => {
  match(lossCurve([{ step: 1, loss: Number.NaN }], ''), /<polyline points=""/);
  match(lossCurve([], ''), /<polyline points=""/);
});
