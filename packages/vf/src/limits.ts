import { WIRE_LIMITS } from '@gpup/wire';

/** What one context may make its VF hold. A host can set each of them lower, never leave one out. */
export interface VfLimits {
  /** Bytes of buffers, textures and query sets. Undefined: as much as the adapter has. On a partition page the partition's budget stands instead. */
  readonly vramBytes: number | undefined;
  /** Handles in use. */
  readonly objectCountMax: number;
  /** Objects, those included whose handle was released and that other objects still use. */
  readonly recordCountMax: number;
  readonly adapterCountMax: number;
  readonly deviceCountMax: number;
  /** Requests whose reply has not been sent. */
  readonly pendingRequestCountMax: number;
  /** Over all devices, as the next one. */
  readonly errorScopeDepthMax: number;
  /** Native results that the open scopes wait for: our own errors split a scope. */
  readonly errorScopeSegmentCountMax: number;
  readonly passCountMax: number;
  readonly labelBytesMax: number;
  /** Of all labels that were set after the creation of their objects. */
  readonly labelCharacterCountMax: number;
  readonly shaderBytesMax: number;
  readonly mappedBytesMax: number;
  /** Mapped bytes that one reply carries inside of it. */
  readonly inlineDataBytesMax: number;
  /** Bytes of packets that are kept to rebuild the live objects from. */
  readonly journalBytesMax: number;
  /** Of the host's memory, all that is counted of it: see host-cost.ts. On a partition page the partition's budget stands instead. */
  readonly hostBytesMax: number;
  /** Render bundles that recorded passes are replayed by, and the words of the commands in them. */
  readonly replayBundleCountMax: number;
  readonly replayBundleWordsMax: number;
  /** Submits that the GPU has not finished. Beyond it the VF reads no commands until some have. */
  readonly submitsInFlightMax: number;
  /** Bytes written by the queue, or of destroyed objects, that the GPU may still use; same consequence. */
  readonly writeBytesInFlightMax: number;
}

export const VF_LIMITS: VfLimits = {
  vramBytes: undefined,
  objectCountMax: WIRE_LIMITS.objectCountMax,
  recordCountMax: 2 * WIRE_LIMITS.objectCountMax,
  adapterCountMax: 1024,
  deviceCountMax: WIRE_LIMITS.deviceCountMax,
  pendingRequestCountMax: WIRE_LIMITS.pendingRequestCountMax,
  errorScopeDepthMax: WIRE_LIMITS.errorScopeDepthMax,
  errorScopeSegmentCountMax: 1 << 20,
  passCountMax: WIRE_LIMITS.passCountMax,
  labelBytesMax: WIRE_LIMITS.labelBytesMax,
  labelCharacterCountMax: 256 * 2 ** 20,
  shaderBytesMax: WIRE_LIMITS.shaderBytesMax,
  mappedBytesMax: WIRE_LIMITS.mappedBytesMax,
  inlineDataBytesMax: 16 * 2 ** 20,
  journalBytesMax: 2 ** 30,
  hostBytesMax: 2 * 2 ** 30,
  replayBundleCountMax: 4096,
  replayBundleWordsMax: 2 ** 20,
  submitsInFlightMax: 64,
  writeBytesInFlightMax: 256 * 2 ** 20,
};
