import { notEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { nullBackend } from '../null/null-backend.ts';
import { MemorySink } from '../testing/memory-sink.ts';
import { CaptureReader, sourceOfBytes } from './capture-reader.ts';
import { CaptureWriter } from './capture-writer.ts';
import { CAPTURE_LIMITS, CaptureError, type CaptureHeader, type CaptureRecord } from './format.ts';
import { replayCapture } from './replay.ts';
import { capturing, session } from './replay.suite.ts';

/**
 * Files whose checksums are right and whose content is not what any host would write. The seed is the whole
 * reproduction: one that fails is added to the list and stays.
 */
const REGRESSION_SEEDS = [1, 2026];
const FILE_COUNT = 150;

/** A small generator with a known sequence: xorshift32. */
function generator(seed: number): (limit: number) => number {
  let state = seed >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % limit;
  };
}

interface Honest {
  readonly header: CaptureHeader;
  readonly records: readonly CaptureRecord[];
}

async function honest(): Promise<Honest> {
  const { guest, sink } = capturing(nullBackend());
  await session(guest);
  const reader = new CaptureReader(sourceOfBytes(sink.bytes));
  return { header: reader.header, records: [...reader.records()] };
}

/** Left out, doubled, moved, or with words of its own changed. */
function disturbed({ records }: Honest, below: (limit: number) => number): CaptureRecord[] {
  const out: CaptureRecord[] = records.filter((record) => record.type !== 'end');
  for (let change = 0; change < 1 + below(4); change++) {
    const at = below(out.length);
    const record = out[at] as CaptureRecord;
    const choice = below(6);
    if (choice === 0) out.splice(at, 1);
    else if (choice === 1) out.splice(below(out.length), 0, record);
    else if (choice === 2) out.splice(at, 1, out[below(out.length)] as CaptureRecord);
    else out[at] = changed(record, below);
  }
  return out;
}

function changed(record: CaptureRecord, below: (limit: number) => number): CaptureRecord {
  const word = [0, 1, 2, 0xffffffff, 1 << 20, below(2 ** 32)][below(6)] as number;
  if (record.type === 'blob') return { ...record, heapOffset: word };
  if (record.type === 'end') return record;
  const words = record.words.slice();
  // The second is a packet's length, which the file's own check is for.
  const at = below(words.length);
  if (at !== 1) words[at] = word;
  return { ...record, words };
}

function written(header: CaptureHeader, records: readonly CaptureRecord[]): Uint8Array {
  const sink = new MemorySink();
  const writer = new CaptureWriter({ sink, header });
  let payload: { heapOffset: number; bytes: Uint8Array } | null = null;
  for (const record of records) {
    if (record.type === 'blob') payload = record;
    else if (record.type === 'reply') writer.reply(record);
    else if (record.type === 'packet') {
      writer.packet(record.position, record.words, { begin: 0, end: record.words.length, payload });
      payload = null;
    }
  }
  return sink.bytes;
}

for (const seed of [...REGRESSION_SEEDS, Date.now() % 1_000_000]) {
  test(`a file that was made by hand is replayed, faulted or refused, and nothing else, seed ${seed}`, async () => {
    const source = await honest();
    const below = generator(seed);
    const ends = new Set<string>();
    for (let i = 0; i < FILE_COUNT; i++) {
      const bytes = written(source.header, disturbed(source, below));
      ok(bytes.length < CAPTURE_LIMITS.fileBytesMin);
      try {
        const { lost } = await replayCapture({ capture: new CaptureReader(sourceOfBytes(bytes)), backend: nullBackend(), stallMsMax: 1 });
        notEqual(lost?.code, 'vf-bug', lost?.message);
        ends.add(lost?.code ?? 'replayed');
      } catch (error) {
        if (!(error instanceof CaptureError)) throw error;
        ends.add('refused');
      }
    }
    ok(ends.has('replayed') && ends.size > 2, [...ends].join(', '));
  });
}
