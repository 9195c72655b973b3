import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { HEADER, headerDefect, initializeHeader, layoutAperture, viewAperture } from './aperture-layout.ts';
import { BUS_LIMITS } from './limits.ts';

const sizes = { commandRingBytes: 8192, replyRingBytes: 4096, heapBytes: 12_288 };

test('the parts lie side by side behind one header page', () => {
  deepEqual(layoutAperture(sizes), { ...sizes, commandRingOffset: 4096, replyRingOffset: 12_288, heapOffset: 16_384, sizeBytes: 28_672 });
});

for (const wrong of [
  { commandRingBytes: 0 },
  { commandRingBytes: 2048 },
  { commandRingBytes: 12_288 },
  { commandRingBytes: 2 ** 31 },
  { commandRingBytes: 8192.5 },
  { replyRingBytes: -4096 },
  { replyRingBytes: Number.NaN },
  { heapBytes: 0 },
  { heapBytes: 4095 },
  { heapBytes: 2 ** 32 },
]) {
  test(`no aperture has ${JSON.stringify(wrong)}`, () => equal(layoutAperture({ ...sizes, ...wrong }), null));
}

test('the default sizes make an aperture', () => equal(layoutAperture(BUS_LIMITS) === null, false));

test('words that different sides write are on lines of their own', () => {
  const lines = Object.entries(HEADER).filter(([name]) => name !== 'magic' && name !== 'version').map(([, index]) => Math.floor(index / 16));
  equal(new Set(lines).size, lines.length);
  equal(lines.includes(0), false);
});

test('a header that no host has made has a defect', () => {
  const layout = layoutAperture(sizes);
  equal(layout === null, false);
  if (layout === null) return;
  const { control } = viewAperture(new ArrayBuffer(layout.sizeBytes), layout);
  equal(headerDefect(control), 'Aperture magic (0x0) is not 0x50555047.');
  initializeHeader(control);
  equal(headerDefect(control), null);
  control[HEADER.version] = 9;
  equal(headerDefect(control), 'Aperture version (9) is not 1.');
});
