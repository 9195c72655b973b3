export { Reader, type WordRange } from './reader.ts';
export type { HandleRef } from './types.ts';
export { INLINE, type Payload, type PayloadPlacer, Writer } from './writer.ts';
export * as handles from './handle.ts';
export { FEATURE_LEVEL, PROTOCOL_MAJOR, PROTOCOL_MINOR } from './protocol.ts';
export { WIRE_LIMITS } from './limits.ts';
