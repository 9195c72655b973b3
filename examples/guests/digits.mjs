// A tiny synthetic "handwritten digits" set: the digits 0 to 9 from a 5x7 bitmap font, each drawn
// with its own tilt, stretch, shift, brightness and noise. Made from a seed, so nothing is downloaded.
import { seededRandom } from './random.mjs';

export const SIZE = 16;
export const CLASSES = 10;

// One digit a string, seven rows of five pixels.
const GLYPHS = [
  '01110 10001 10011 10101 11001 10001 01110', '00100 01100 00100 00100 00100 00100 01110',
  '01110 10001 00001 00110 01000 10000 11111', '11111 00010 00100 00010 00001 10001 01110',
  '00010 00110 01010 10010 11111 00010 00010', '11111 10000 11110 00001 00001 10001 01110',
  '00110 01000 10000 11110 10001 10001 01110', '11111 00001 00010 00100 01000 01000 01000',
  '01110 10001 10001 01110 10001 10001 01110', '01110 10001 10001 01111 00001 00010 01100',
].map((rows) => rows.split(' ').map((row) => [...row].map(Number)));

/** The glyph's ink at a point between its pixels (bilinear; no ink outside). */
function ink(glyph, x, y) {
  const x0 = Math.floor(x), y0 = Math.floor(y), fx = x - x0, fy = y - y0;
  const at = (row, column) => glyph[row]?.[column] ?? 0;
  return (at(y0, x0) * (1 - fx) + at(y0, x0 + 1) * fx) * (1 - fy) +
    (at(y0 + 1, x0) * (1 - fx) + at(y0 + 1, x0 + 1) * fx) * fy;
}

/**
 * @param {number} count
 * @param {number} seed
 * @returns {{ images: Float32Array, labels: Int32Array }} images: count x SIZE x SIZE, values 0 to about 1
 */
export function makeDigits(count, seed) {
  const random = seededRandom(seed);
  const between = (low, high) => low + (high - low) * random();
  const images = new Float32Array(count * SIZE * SIZE);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const label = Math.floor(random() * CLASSES);
    const tilt = between(-0.2, 0.2), stretchX = between(0.45, 0.62), stretchY = between(0.5, 0.64);
    const shiftX = between(-1, 1), shiftY = between(-1, 1), brightness = between(0.6, 1);
    labels[i] = label;
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const dx = x - SIZE / 2 - shiftX, dy = y - SIZE / 2 - shiftY;
        const value = ink(GLYPHS[label], (dx + tilt * dy) * stretchX + 2, dy * stretchY + 3);
        images[(i * SIZE + y) * SIZE + x] = value * brightness + between(0, 0.2);
      }
    }
  }
  return { images, labels };
}
