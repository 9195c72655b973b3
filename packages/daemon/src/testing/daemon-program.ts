/** The daemon's program with an API for tests. */
import { parseArgs } from 'node:util';
import { runDaemon } from '../run.ts';
import { VERSION } from '../version.ts';
import { createLineApi } from './line-api.ts';

const { values } = parseArgs({ options: { config: { type: 'string' }, 'require-isolation': { type: 'boolean' } } });

void runDaemon({ configPath: values.config, log: 'file', createApi: createLineApi, version: VERSION, requiresIsolation: values['require-isolation'] === true });
