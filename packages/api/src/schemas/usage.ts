import { list, nullable, record } from './schema.ts';
import { PARTITION_NAME, TEXT, TIME_MS } from './words.ts';

const FIGURES = {
  gpuSeconds: { type: 'number', minimum: 0, description: 'Time that the GPU worked. It only rises.' },
  vramByteHours: { type: 'number', minimum: 0, description: 'Video memory in use, added up over time. It only rises.' },
} as const;

export const METERED_PARTITION = record(
  { tenant: nullable(TEXT), partition: PARTITION_NAME, adapter: TEXT, createdMs: TIME_MS, removedMs: nullable(TIME_MS), ...FIGURES },
  'One life of a partition, from its creation to its removal.',
);

export const METERED_TENANT = record(
  { tenant: nullable(TEXT), ...FIGURES },
  "All that a tenant ever had, removed partitions included that are not listed any more. Null: partitions that are nobody's.",
);

export const USAGE_REPORT = record({
  atMs: { type: 'integer', minimum: 0, description: 'Of the figures: they are told once they are kept, some seconds late.' },
  sinceMs: { type: 'integer', minimum: 0, description: "When this host's metering began." },
  tenants: list(METERED_TENANT),
  partitions: list(METERED_PARTITION),
});
