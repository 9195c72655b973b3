import { API_LIMITS } from '../limits.ts';

/** The values that several schemas share. */
export const TEXT = { type: 'string' } as const;
export const COUNT = { type: 'integer', minimum: 0 } as const;
export const BYTES = { type: 'integer', minimum: 0, description: 'Bytes.' } as const;
export const TIME_MS = { type: 'integer', minimum: 0, description: 'Milliseconds since 1970.' } as const;

/** A socket's file name and a metric's label: nothing in it needs quoting anywhere. */
export const PARTITION_NAME = {
  type: 'string',
  pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
  minLength: 1,
  maxLength: API_LIMITS.nameLengthMax,
  description: 'Names of lower-case letters, digits and hyphens (none at their ends).',
} as const;
export const TENANT_NAME = { ...PARTITION_NAME, description: "A tenant's name: lower-case letters, digits and hyphens (none at its ends)." } as const;
export const TOKEN_ID = { type: 'string', pattern: '^[a-z2-7]{10}$', maxLength: 10, description: "A token's id, which is no secret." } as const;
export const ROLE = { type: 'string', enum: ['operator', 'tenant'], description: '`operator`: everything. `tenant`: its own partitions.' } as const;
export const ADAPTER_ID = {
  type: 'string',
  pattern: '^(hardware|software)-(0|[1-9][0-9]{0,2})$',
  maxLength: 16,
  description: '`hardware-0`, `software-0`, …',
} as const;
export const CONTEXT_ID = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;
export const ADAPTER_MODE = {
  type: 'string',
  enum: ['partitioned', 'dda'],
  description: '`partitioned`: guests share it by partitions. `dda`: one guest owns it whole, with no quota and no scheduler in its way.',
} as const;
export const TIMESTAMP_CLASS = {
  type: 'string',
  enum: ['none', 'coarse', 'fine'],
  description: 'How finely guests may read the clock of the GPU by timestamp queries. `none`: there are no such queries. `coarse`: multiples of 65,536 ns. `fine`: as the adapter gives it, for tenants who are trusted.',
} as const;
export const SCHEDULING_POLICY = {
  type: 'string',
  enum: ['best-effort', 'equal-share', 'fixed-share'],
  description:
    '`best-effort`: nobody waits. `equal-share`: each partition that has a guest gets as much time as each other one. `fixed-share`: each has its `compute.current`, whether others run or not. Unused time is given away under `best-effort` only.',
} as const;
export const SLICE_MS = { type: 'integer', minimum: API_LIMITS.sliceMsMin, maximum: API_LIMITS.sliceMsMax, description: 'How long a turn lasts, in milliseconds.' } as const;
export const LATENCY_CLASS = {
  type: 'string',
  enum: ['interactive', 'throughput'],
  description: '`interactive`: somebody waits for each result, so its turns are given out of order, within its share.',
} as const;
/** Of a feature, a limit or an escape. */
export const IDENTIFIER = { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9._-]*$', minLength: 1, maxLength: API_LIMITS.identifierLengthMax } as const;
