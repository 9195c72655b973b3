import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { COMPUTE_PARTS, partsOf, shareOf } from './compute-parts.ts';
import { CLOUD_SIZE_NAMES, decodeSize, fractionOf } from './sizes.ts';

for (const [text, numerator, denominator] of [
  ['1', 1, 1],
  ['1/1', 1, 1],
  ['1/8', 1, 8],
  ['3/8', 3, 8],
  ['1/128', 1, 128],
  ['NV6ads-A10-v5', 1, 6],
  ['NV12ads-A10-v5', 1, 3],
  ['NV18ads-A10-v5', 1, 2],
  ['NV36adms-A10-v5', 1, 1],
  ['NV4as-v4', 1, 8],
] as const) {
  test(`reads the size ${text}`, () => deepEqual(decodeSize(text, 'size'), { numerator, denominator }));
}

for (const text of ['', '0', '0/8', '1/0', '1/129', '-1/8', '1/8 ', '1.5', '1/2/3', '01/2', 'NV6', 'nv6ads-a10-v5', 'constructor', '__proto__', '1/99999']) {
  test(`refuses the size "${text}"`, () => throws(() => decodeSize(text, 'size'), { code: 'unknown-size', field: 'size' }));
}

for (const text of ['2', '2/1', '9/8', 'NV72ads-A10-v5']) {
  test(`refuses the size ${text}, which is more than one adapter`, () => {
    throws(() => decodeSize(text, 'size'), { code: 'needs-linked-adapters', field: 'size', message: /linked adapters/ });
  });
}

test('every cloud size but the linked one is one part of an adapter', () => {
  for (const name of CLOUD_SIZE_NAMES.filter((other) => other !== 'NV72ads-A10-v5')) equal(decodeSize(name, 'size').numerator, 1);
});

// 2^40 - 1 and 24 GiB less some ECC: no denominator divides them.
for (const total of [1, 6, 2 ** 40 - 1, 25_757_220_864 - 7, COMPUTE_PARTS]) {
  test(`fractions that add up to 1 fit into ${total}, and less than one unit each is lost`, () => {
    for (let denominator = 1; denominator <= 128; denominator++) {
      const part = fractionOf(total, { numerator: 1, denominator });
      equal(part * denominator <= total, true);
      equal((part + 1) * denominator > total, true);
      equal(BigInt(part), BigInt(total) / BigInt(denominator));
    }
  });
}

test('six sixths of the compute are the whole, also when they come as decimal numbers', () => {
  equal(6 * partsOf(1 / 6), COMPUTE_PARTS);
  equal(6 * partsOf(0.16666667), COMPUTE_PARTS);
  equal(10 * partsOf(0.1), COMPUTE_PARTS);
  equal(3 * partsOf(1 / 3), COMPUTE_PARTS);
});

test('parts survive the way out and back in', () => {
  for (let parts = 0; parts <= COMPUTE_PARTS; parts += 997) equal(partsOf(shareOf(parts)), parts);
  equal(shareOf(partsOf(1 / 6)), 1 / 6);
});
