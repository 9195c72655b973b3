import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CaptureFile, CaptureReader } from '@gpup/vf/capture';
import { nullBackend } from '@gpup/vf/null';
import { OPCODES } from '@gpup/wire/numbers';
import { Executor } from '../packets/executor.ts';
import { FuzzLink } from '../packets/fuzz-link.ts';
import { settleMicrotasks } from '../packets/packet-target.ts';
import { Run } from '../run.ts';
import { makeTargets } from '../targets.ts';
import { StepClock } from '../time/step-clock.ts';
import { shaderBytesOf, traceOfCapture } from './capture-trace.ts';

/** What a guest of a release sent: it uploads through the heap, and maps into it. */
const CAPTURE = fileURLToPath(new URL('../../../../tests/compat/0.1.0/trace.gpupcap', import.meta.url));

test('a capture is a trace of as many packets, with all payload inside of them', () => {
  const { packets } = traceOfCapture(CAPTURE);
  const records = [...new CaptureReader(new CaptureFile(CAPTURE)).records()];
  equal(packets.length, records.filter(({ type }) => type === 'packet').length);
  ok(packets.every((packet) => packet[1] === packet.length));
  const blobBytes = records.reduce((sum, record) => sum + (record.type === 'blob' ? record.bytes.length : 0), 0);
  ok(blobBytes > 0);
  const sentWords = records.reduce((sum, record) => sum + (record.type === 'packet' ? record.words.length : 0), 0);
  equal(packets.reduce((sum, packet) => sum + packet.length, 0), sentWords + blobBytes / 4);
});

test('the model takes a captured trace as it is, with a heap and without', async () => {
  const trace = traceOfCapture(CAPTURE);
  for (const heapBytes of [null, 8192]) {
    const executor = new Executor({
      session: { heapBytes, limits: { shaderBytesMax: shaderBytesOf([trace]), inlineDataBytesMax: 1 << 20, vramBytes: undefined } },
      backend: nullBackend(),
      connect: (bytes) => new FuzzLink(bytes === null ? null : new Uint8Array(bytes)),
      checksHeap: true,
      heapFill: 0xa5,
      settle: settleMicrotasks,
      isExact: true,
      clock: new StepClock(),
    });
    for (const words of trace.packets) {
      const { finding, isEnded } = await executor.step({ kind: 'packet', words, settles: true });
      deepEqual([finding, isEnded], [null, false]);
    }
    equal(await executor.finish(), null);
  }
});

test('sessions that begin with a captured trace come to nothing unexpected', async () => {
  const set = await makeTargets({ trace: CAPTURE });
  const run = new Run(set, { seed: 11, job: 0, jobCount: 1, seconds: Number.MAX_SAFE_INTEGER, inputCountMax: 3000, targets: ['packets'], stopsAtFinding: false });
  const { findings } = await run.go();
  deepEqual(findings, []);
  deepEqual(Object.fromEntries(set.table.unexpected), {});
});

test('a capture brings its shaders', () => {
  const { packets } = traceOfCapture(CAPTURE);
  ok(packets.some((packet) => packet[0] === OPCODES['GPUDevice.createShaderModule']));
  ok(shaderBytesOf([{ name: '', packets }]) > 0);
});
