import { type Schema, record } from './schema.ts';
import { ADAPTER_ID, CONTEXT_ID, COUNT, PARTITION_NAME, TEXT, TIME_MS } from './words.ts';

const SEQUENCE = { type: 'integer', minimum: 1, description: 'From 1 in the life of a daemon.' } as const;

function event<const Word extends string, const Fields extends Readonly<Record<string, Schema>>>(types: readonly Word[], fields: Fields) {
  return record({ sequence: SEQUENCE, timeMs: TIME_MS, type: { type: 'string', enum: types }, ...fields });
}

export const HOST_EVENT = {
  oneOf: [
    event(['partition-created', 'partition-changed', 'partition-removed', 'partition-unblocked'], { partition: PARTITION_NAME }),
    event(['partition-blocked'], { partition: PARTITION_NAME, reason: TEXT }),
    event(['adapter-changed'], { adapter: ADAPTER_ID }),
    event(['context-opened', 'context-adopted'], { partition: PARTITION_NAME, context: CONTEXT_ID, guestPid: { type: 'integer' } }),
    event(['context-ended'], { partition: PARTITION_NAME, context: CONTEXT_ID, code: TEXT, message: TEXT }),
    event(['tdr'], { partition: PARTITION_NAME, context: CONTEXT_ID, code: TEXT, message: TEXT }),
  ],
} as const;

/** The first frame of every listener: from here on it hears everything. */
export const HELLO_FRAME = record(
  {
    type: { type: 'string', enum: ['hello'] },
    startedMs: { type: 'integer', minimum: 0, description: 'When this daemon started: another value means that the numbers have begun anew.' },
    newestSequence: COUNT,
  },
  'The first frame: from here on the listener hears everything.',
);

export const MISSED_FRAME = record(
  { type: { type: 'string', enum: ['missed'] }, after: COUNT, oldestSequence: { type: 'integer', minimum: 0, description: 'Of the events that follow; 0 if none is kept.' } },
  'What was asked for by `after` is not kept any more, or has never been: look at the state afresh.',
);

export const EVENT_FRAME = { oneOf: [HELLO_FRAME, MISSED_FRAME, ...HOST_EVENT.oneOf] } as const;
