import { fileURLToPath } from 'node:url';

/** The daemon's program with the API that `ask` speaks. */
export const TEST_DAEMON_PATH: string = fileURLToPath(new URL('./daemon-program.js', import.meta.url));

export { READY_FD_VARIABLE, type ReadyLine, decodeReadyLine } from '../ready-line.ts';
export { ask, listen } from './line-api.ts';
