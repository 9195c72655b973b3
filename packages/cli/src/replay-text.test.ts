import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplayReport } from '@gpup/pf';
import { replayJson, replayText } from './replay-text.ts';

const HOSTILE = '\u001b[2J\u009b\u202e\n';
const SHOWN = '\ufffd[2J\ufffd\ufffd\ufffd';

const REPORT: ReplayReport = {
  header: { protocol: HOSTILE, idlHash: '', heapBytes: null, vramBytes: null, escapes: [], startedAt: HOSTILE },
  captureEnd: 'closed',
  packetCount: 1,
  payloadBytes: 2,
  replies: { equal: 3, otherWords: 0, otherData: 0, otherKind: 0, differences: [] },
  errorCount: 0,
  errors: [],
  lost: { code: HOSTILE, message: HOSTILE },
  stalled: HOSTILE,
  buffers: [{ handle: 1, label: HOSTILE, bytes: 4, sha256: null }],
};

test('no word of a capture makes a terminal act, or a line of its own', () => {
  const lines = replayText({ kind: 'replayed', adapter: 'software', report: REPORT }, false).split('\n');
  equal(lines[0], `Captured     ${SHOWN}, protocol ${SHOWN}, ended: closed`);
  deepEqual(lines.slice(4), [
    `Lost         ${SHOWN}: ${SHOWN}`,
    `Stalled      waited in vain for ${SHOWN}`,
    `Buffer       not readable  4 bytes  ${SHOWN}`,
    'It did not come as it was captured.',
    '',
  ]);
});

test('the last words of a replay that died make no terminal act, in as many lines as they have', () => {
  equal(replayText({ kind: 'died', adapter: 'software', message: 'It ended.\nred \u001b[31m' }, false), 'It ended.\nred \ufffd[31m\n');
});

test('JSON says every word, in escapes', () => {
  const result = { kind: 'replayed', adapter: 'software', report: REPORT } as const;
  const json = replayJson(result, false);
  deepEqual(JSON.parse(json), { isSame: false, ...result });
  equal(/[\u0080-\uffff]/.test(json), false);
});
