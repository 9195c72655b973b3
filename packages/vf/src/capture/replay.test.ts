import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { nullBackend } from '../null/null-backend.ts';
import { MemorySink } from '../testing/memory-sink.ts';
import { CaptureReader, sourceOfBytes } from './capture-reader.ts';
import { capturedReply, CaptureWriter } from './capture-writer.ts';
import { replayCapture } from './replay.ts';
import { replaySuite } from './replay.suite.ts';

replaySuite('null', async () => nullBackend());

test('an answer that never comes is named, and the replay gives up', async () => {
  const sink = new MemorySink();
  const header = { protocol: '1.2', idlHash: '', heapBytes: null, vramBytes: null, escapes: [], startedAt: '' };
  const writer = new CaptureWriter({ sink, header });
  writer.reply(capturedReply(Uint32Array.of(1, 3, 77), null));
  writer.packet(0, Uint32Array.of(34, 2), { begin: 0, end: 2, payload: null });
  const report = await replayCapture({ capture: new CaptureReader(sourceOfBytes(sink.bytes)), backend: nullBackend(), stallMsMax: 1 });
  match(report.stalled ?? '', /Reply\.done of request 77/);
  equal(report.packetCount, 0);
});
