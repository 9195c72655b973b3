export type { Backend } from './backend.ts';
export { CommandProcessor, type CommandProcessorOptions, type ProcessorEnd, type ProcessorStatistics } from './command-processor.ts';
export { dawnBackend } from './dawn-backend.ts';
export { ESCAPE_NAMES, escapeNamed } from './escapes/escape-registry.ts';
export { VF_LIMITS, type VfLimits } from './limits.ts';
