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
});

export const LOG_VIEW = record({ lines: { type: 'array', items: TEXT, description: 'The oldest first.' } });
