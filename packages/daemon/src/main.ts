/**
 * The daemon's program: `[--config PATH] [--foreground]`. Started by `gpup host start`, which waits for its line on
 * the descriptor that GPUP_DAEMON_READY_FD names.
 */
import { parseArgs } from 'node:util';
import { noApi } from './api-seam.ts';
import { runDaemon } from './run.ts';
import { VERSION } from './version.ts';

const { values } = parseArgs({ options: { config: { type: 'string' }, foreground: { type: 'boolean' } } });

void runDaemon({ configPath: values.config, log: values.foreground === true ? 'stderr' : 'file', createApi: noApi, version: VERSION });
