import { nullable, record } from './schema.ts';
import { COUNT, TEXT, TIME_MS } from './words.ts';

export const AUDIT_ENTRY = record({
  id: { type: 'integer', minimum: 1, description: 'Rises by one from entry to entry, over restarts.' },
  timeMs: TIME_MS,
  by: { type: 'string', enum: ['operator', 'tenant', 'host'], description: '`host`: nobody asked; the host decided.' },
  tenant: nullable(TEXT),
  token: nullable({ type: 'string', description: "The token's id; null: the Unix socket." }),
  peer: { type: 'string', description: 'Where from, in words.' },
  operation: { type: 'string', description: "The operation's id in this document." },
  target: { type: 'string', description: 'What it was done to.' },
  asked: { type: 'string', description: 'What was asked for, as the text of a JSON object.' },
  outcome: { type: 'string', description: '`done`, `pending`, the code of a refusal, or `unknown`: the host ended before it could tell.' },
  endedMs: nullable(COUNT),
});

export const AUDIT_LIST = record({ entries: { type: 'array', items: AUDIT_ENTRY, description: 'The oldest first.' } });
