import { fileURLToPath } from 'node:url';

/** What the host process runs. */
export const PF_MAIN_PATH: string = fileURLToPath(new URL('./main.js', import.meta.url));

export { ADAPTER_PREFERENCES, type AdapterPreference, type FoundAdapters, hardwareAdapters, softwareAdapters } from './adapters/choice.ts';
export { PF_CONFIG_VARIABLE, type PfConfig } from './config.ts';
export { type ReplayReport, type ReplayRequest, type ReplayResult, replayInProcess } from './capture/replay-process.ts';
export { PROTOCOL } from './control-protocol.ts';
export { WIRE_PROTOCOL } from '@gpup/vf/boot';
export { PF_LIMITS } from './limits.ts';
export { PF_STEPS } from './steps.ts';
export { VF_NODE_OPTIONS_VARIABLE } from './vf-process.ts';
