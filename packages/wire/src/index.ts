export { Reader, type WordRange } from './reader.ts';
export type { HandleRef } from './types.ts';
export { INLINE, type Payload, type PayloadPlacer, Writer } from './writer.ts';
export * as handles from './handle.ts';
export { DEFAULT_LIMITS } from './default-limits.ts';
export { FEATURE_LEVEL, FEATURE_LEVEL_MIN, FEATURE_LEVELS, type FeatureLevelName, formatFeatureLevel, negotiateFeatureLevel } from './feature-level.ts';
export { PROTOCOL_MAJOR, PROTOCOL_MINOR } from './protocol.ts';
export { WIRE_LIMITS } from './limits.ts';
