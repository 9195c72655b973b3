/**
 * The daemon's program: `[--config PATH] [--foreground] [--require-isolation]`. Started by `gpup host start`, which waits for its line on
 * the descriptor that GPUP_DAEMON_READY_FD names.
 */
import { parseArgs } from 'node:util';
import { runProgram } from './program.ts';

const { values } = parseArgs({ options: { config: { type: 'string' }, foreground: { type: 'boolean' }, 'require-isolation': { type: 'boolean' } } });

void runProgram({ configPath: values.config, foreground: values.foreground === true, requiresIsolation: values['require-isolation'] === true });
