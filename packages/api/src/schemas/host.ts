import { record } from './schema.ts';
import { COUNT, TEXT, TIME_MS } from './words.ts';

export const HOST_VIEW = record({
  version: TEXT,
  protocol: { type: 'string', description: 'Of the wire between guest and VF, as `MAJOR.MINOR`.' },
  featureLevel: TEXT,
  pid: COUNT,
  startedMs: TIME_MS,
  adoptedCount: { type: 'integer', minimum: 0, description: 'VFs that this daemon took over from the one before.' },
  runtimeDirectory: TEXT,
  stateDirectory: TEXT,
  isolation: record({
    mode: { type: 'string', enum: ['require', 'prefer', 'off'], description: '`require`: the host runs with all measures or not at all. `prefer`: with what there is. `off`: nothing is isolated.' },
    measures: {
      type: 'array',
      description: 'What keeps a VF process that was taken over from the rest of the machine.',
      items: record({
        measure: { type: 'string', enum: ['no-new-privileges', 'capabilities', 'files', 'system-calls', 'io-uring', 'resource-limits', 'memory-limit', 'processor-limit', 'process-limit'] },
        isInForce: { type: 'boolean' },
        detail: { type: 'string', description: 'How, or why not.' },
      }),
    },
  }),
});

export const LOG_VIEW = record({ lines: { type: 'array', items: TEXT, description: 'The oldest first.' } });
