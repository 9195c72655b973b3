import { fileURLToPath } from 'node:url';

/** What a VF process runs. */
export const VF_MAIN_PATH: string = fileURLToPath(new URL('../main.js', import.meta.url));

export { type Transport, type VfAssignment, encodeAssignment } from './assignment.ts';
export { VF_CONFIG_VARIABLE, VF_CONTROL_FD, type VfConfig, encodeVfConfig } from './config.ts';
export { VF_LINE_BYTES_MAX, type VfLine, decodeVfLine } from './control-line.ts';
export { DAWN_BACKEND } from './dawn.ts';
export { EXECUTOR_VARIABLE, type Executor } from '../direct/index.ts';
export { VF_BUG } from './end.ts';
export type { ProbedAdapter } from './probe.ts';
export { VF_STEPS } from './steps.ts';
