import { API_LIMITS } from '../limits.ts';
import { type NumberSchema, list, nullable, record, request } from './schema.ts';
import { ADAPTER_ID, BYTES, CONTEXT_ID, COUNT, IDENTIFIER, LATENCY_CLASS, PARTITION_NAME, TENANT_NAME, TEXT, TIME_MS, TIMESTAMP_CLASS } from './words.ts';

const SIZE = {
  type: 'string',
  maxLength: API_LIMITS.identifierLengthMax,
  description: '`1/8` … `1`, or a cloud size (`NV6ads-A10-v5`, …): sets what is not given otherwise.',
} as const;

/** Limits of WebGPU are integers of 64 bits at most; JavaScript's are exact up to here. */
const LIMIT_VALUE = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;
const NAMES = { type: 'array', items: IDENTIFIER, maxItems: API_LIMITS.baselineNamesMax } as const;

export const BASELINE = {
  type: 'object',
  properties: {
    features: NAMES,
    limits: {
      type: 'object',
      properties: {},
      required: [],
      additionalProperties: LIMIT_VALUE,
      propertyNames: { pattern: IDENTIFIER.pattern, maxLength: API_LIMITS.identifierLengthMax },
      maxProperties: API_LIMITS.baselineNamesMax,
    },
  },
  required: [],
  additionalProperties: false,
  description: 'What guests may see at most, so that the partition can move between unlike adapters.',
} as const;

function capabilityRequest<const Min extends NumberSchema, const Quantity extends NumberSchema>(least: Min, quantity: Quantity, description: string) {
  return { type: 'object', properties: { min: least, max: quantity, optimal: quantity }, required: [], additionalProperties: false, description } as const;
}

// A min may be nothing; an aim or a bound of nothing would be a partition that can do nothing.
const VRAM_REQUEST = capabilityRequest(
  { type: 'integer', minimum: 0, maximum: API_LIMITS.vramBytesMax, description: 'Bytes.' },
  { type: 'integer', minimum: 1, maximum: API_LIMITS.vramBytesMax, description: 'Bytes.' },
  'Video memory: never below min nor above max; optimal is what is aimed at.',
);
const COMPUTE_REQUEST = capabilityRequest(
  { type: 'number', minimum: 0, maximum: 1, description: "A part of the adapter's time, of 1." },
  { type: 'number', exclusiveMinimum: 0, maximum: 1, description: "A part of the adapter's time, of 1." },
  "The adapter's time.",
);
const BLOCKS = { type: 'integer', minimum: 1, maximum: 1024, description: 'Blocks of 540p60.' } as const;
const ENCODE_REQUEST = capabilityRequest(BLOCKS, BLOCKS, 'Video encoding. Refused as unsupported until an encoder enforces it.');
const CONTEXTS_MAX = { type: 'integer', minimum: 1, maximum: API_LIMITS.contextsMax } as const;
const HOST_BYTES_MAX = {
  type: 'integer',
  minimum: API_LIMITS.hostBytesMin,
  maximum: API_LIMITS.hostBytesMax,
  description: "Bytes of the host's memory that its guests can cause: apertures, journals, replay caches, pending work.",
} as const;
const ESCAPES = { type: 'array', items: IDENTIFIER, maxItems: API_LIMITS.escapesMax, description: 'Names of the escapes that are open. Default: none.' } as const;

export const PARTITION_REQUEST = request(
  {
    name: PARTITION_NAME,
    tenant: { ...TENANT_NAME, description: "Whose it is, for its whole life. Default: nobody's, which is the operators'." },
    adapter: ADAPTER_ID,
    size: SIZE,
    vram: VRAM_REQUEST,
    compute: COMPUTE_REQUEST,
    encode: ENCODE_REQUEST,
    contextsMax: CONTEXTS_MAX,
    hostBytesMax: HOST_BYTES_MAX,
    baseline: BASELINE,
    escapes: ESCAPES,
    latencyClass: LATENCY_CLASS,
    timestamps: TIMESTAMP_CLASS,
  },
  ['name'],
);

export const PARTITION_CHANGE = {
  ...request(
    {
      vram: VRAM_REQUEST,
      compute: COMPUTE_REQUEST,
      contextsMax: CONTEXTS_MAX,
      hostBytesMax: HOST_BYTES_MAX,
      escapes: ESCAPES,
      latencyClass: LATENCY_CLASS,
      timestamps: TIMESTAMP_CLASS,
      whenInUse: {
        type: 'string',
        enum: ['refuse', 'wait'],
        description: 'Where a budget would fall below what is in use: `refuse` (default), or `wait` until it is free.',
      },
    },
    [],
  ),
} as const;

function capability(description: string) {
  const quantity = { type: 'number', minimum: 0 } as const;
  return record({ min: quantity, max: quantity, optimal: quantity, current: quantity }, description);
}

const PARTITION_STATE = {
  oneOf: [
    record({ kind: { type: 'string', enum: ['active'] } }),
    record({ kind: { type: 'string', enum: ['shrinking'] }, toBytes: BYTES }, 'A budget waits for guests to free what is above it.'),
    record({ kind: { type: 'string', enum: ['blocked'] }, cause: { type: 'string', enum: ['timeouts', 'adapter'] }, reason: TEXT, sinceMs: TIME_MS }, 'Nobody gets a context until it is unblocked: there were too many timeouts, or its adapter is gone or too small by now.'),
  ],
} as const;

const HISTOGRAM = {
  type: 'array',
  items: COUNT,
  description: 'Bucket i counts what took less than 2^i microseconds and no less than the bucket before; the last one all else.',
} as const;

export const PARTITION_USAGE = record(
  {
    vramBytes: BYTES,
    vramPeakBytes: BYTES,
    hostBytes: BYTES,
    gpuTimeUs: { type: 'number', minimum: 0 },
    submitCount: COUNT,
    completedCount: COUNT,
    faultCount: COUNT,
    tdrCount: COUNT,
    queueWaitUs: HISTOGRAM,
    submitLatencyUs: HISTOGRAM,
  },
  'Counts since the partition was made, but for current values.',
);

const PART = { type: 'number', minimum: 0 } as const;

export const PARTITION_SCHEDULING = record(
  {
    promisedShare: nullable({ ...PART, description: "The part of the adapter's time that it can count on, of 1; null where the policy promises nothing." }),
    share: { ...PART, description: 'The part that it held over the last second or so.' },
    heldUs: {
      ...PART,
      description:
        "For how long it has held the adapter since the daemon started, in microseconds of the host's clock; while nobody has turns, the time that its VFs say the GPU worked for it.",
    },
    owedUs: { ...PART, description: 'For how long it has held the adapter beyond its share, in microseconds: it has no turn before the others have had theirs of that time.' },
    turnCount: COUNT,
    latencyClass: { ...LATENCY_CLASS, description: 'What holds now: as the partition has it, or as its guests say where the escape `latency-class` is open.' },
  },
  "How it gets on with its share of the adapter's time.",
);

export const PARTITION_VIEW = record({
  name: PARTITION_NAME,
  tenant: nullable(TEXT),
  adapter: ADAPTER_ID,
  size: nullable(TEXT),
  state: PARTITION_STATE,
  vram: capability('Bytes of video memory.'),
  compute: capability("Parts of the adapter's time, of 1."),
  contextsMax: COUNT,
  contextCount: COUNT,
  hostBytesMax: BYTES,
  baseline: BASELINE,
  escapes: list(TEXT),
  latencyClass: LATENCY_CLASS,
  scheduling: PARTITION_SCHEDULING,
  timestamps: TIMESTAMP_CLASS,
  socketPath: { type: 'string', description: 'Where guests connect: who may open this socket may use the partition.' },
  createdMs: TIME_MS,
  usage: PARTITION_USAGE,
});

export const PARTITION_LIST = record({ partitions: list(PARTITION_VIEW) });

export const ALLOCATION = record({
  label: { type: 'string', description: 'As the guest gave it: for people, and not to be trusted.' },
  kind: { type: 'string', enum: ['buffer', 'texture', 'query-set'] },
  bytes: BYTES,
  context: CONTEXT_ID,
});

export const ALLOCATION_LIST = record({ allocations: { type: 'array', items: ALLOCATION, description: 'The largest first.' } });
