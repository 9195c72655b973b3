import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { SOAK_LIMITS } from '../limits.ts';
import { hangComplaints } from './signs.ts';

const LIMIT_MS = SOAK_LIMITS.guestHangMsMax;
const guest = { id: 1, place: 'alpha', state: 'running', rounds: 5, signMs: 1000, isPaused: false } as const;

test('a guest that shows no sign is told of: both sides of the limit', () => {
  deepEqual(hangComplaints([guest], 1000 + LIMIT_MS, 0), []);
  equal(hangComplaints([guest], 1001 + LIMIT_MS, 0).length, 1);
});

test('one that starts has as long', () => equal(hangComplaints([{ ...guest, state: 'starting' }], 1001 + LIMIT_MS, 0).length, 1));
test('one that stands still because it was told to is none', () => deepEqual(hangComplaints([{ ...guest, isPaused: true }], 1001 + LIMIT_MS, 0), []));
test('a time in which nobody was watched counts for nobody', () => deepEqual(hangComplaints([guest], 1001 + LIMIT_MS, 1001), []));
