import { list, record } from './schema.ts';
import { BYTES, CONTEXT_ID, COUNT, PARTITION_NAME, TIME_MS } from './words.ts';

export const CONTEXT_VIEW = record({
  id: CONTEXT_ID,
  partition: PARTITION_NAME,
  guestPid: { type: 'integer', description: 'As the guest says, for people: nothing is decided by it.' },
  vfPid: COUNT,
  state: { type: 'string', enum: ['opened', 'attached', 'ready'] },
  openedMs: TIME_MS,
  vramBytes: BYTES,
  hostBytes: BYTES,
  submitCount: COUNT,
  completedCount: COUNT,
  gpuTimeUs: { type: 'number', minimum: 0 },
});

export const CONTEXT_LIST = record({ contexts: list(CONTEXT_VIEW) });
