import { list, nullable, record, request } from './schema.ts';
import { ADAPTER_ID, ADAPTER_MODE, BYTES, COUNT, SCHEDULING_POLICY, SLICE_MS, TEXT } from './words.ts';

export const ADAPTER_VIEW = record({
  id: ADAPTER_ID,
  kind: { type: 'string', enum: ['hardware', 'software'] },
  name: TEXT,
  vendor: TEXT,
  description: TEXT,
  mode: ADAPTER_MODE,
  owner: nullable({ type: 'string', description: 'The guest that owns it whole, while there is one.' }),
  scheduling: record({ policy: SCHEDULING_POLICY, sliceMs: SLICE_MS }, 'How partitions share its time.'),
  vram: record({ totalBytes: BYTES, availableBytes: BYTES }),
  compute: record({ total: { type: 'number', minimum: 0 }, available: { type: 'number' } }, "Parts of the adapter's time, of 1."),
  partitionCount: COUNT,
  partitionCountMax: COUNT,
  features: list(TEXT),
  limits: { type: 'object', properties: {}, required: [], additionalProperties: { type: 'number' } },
});

export const ADAPTER_LIST = record({ adapters: list(ADAPTER_VIEW) });

export const ADAPTER_CHANGE = request({ mode: ADAPTER_MODE }, ['mode']);

export const SCHEDULING_CHANGE = request({ policy: SCHEDULING_POLICY, sliceMs: SLICE_MS }, []);
