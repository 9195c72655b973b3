/**
 * How finely a context's timestamp queries tell the time. Decided by its partition, and held by the implementation on
 * every device: it rounds a query's value before anything but its own shader could read it, wherever it is resolved to.
 *
 * `none`: there are no timestamp queries. `coarse`: as browsers have them. `fine`: as the adapter gives them.
 */
export const TIMESTAMP_CLASSES = ['none', 'coarse', 'fine'] as const;
export type TimestampClass = (typeof TIMESTAMP_CLASSES)[number];

/** Values of a coarse query are multiples of this: Dawn's `timestamp_quantization`, which Chromium gives as 100 us, clears 16 bits. */
export const COARSE_GRAIN_NS = 65_536;

export const TIMESTAMP_FEATURE = 'timestamp-query';

/** For `create` of npm `webgpu`; of all devices of what it returns. Said in either case: a default may change. */
export function timestampFlag(timestamps: TimestampClass): string {
  return `${timestamps === 'fine' ? 'disable' : 'enable'}-dawn-features=timestamp_quantization`;
}
