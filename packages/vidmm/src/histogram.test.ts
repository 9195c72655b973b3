import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf } from './histogram.ts';

const CASES: readonly (readonly [number, number])[] = [[0, 0], [0.99, 0], [1, 1], [1.99, 1], [2, 2], [3.99, 2], [4, 3], [2 ** 30 - 1, 30], [2 ** 30, 31], [2 ** 31, 31], [2 ** 50, 31], [Number.NaN, 0], [-1, 0]];
for (const [us, bucket] of CASES) test(`${us} us is in bucket ${bucket}`, () => equal(bucketOf(us), bucket));
