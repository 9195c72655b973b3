import { BUCKET_COUNT } from './page-layout.ts';

/** Bucket i counts what took less than 2^i us and no less than the bucket before; the last one all else. */
export function bucketOf(us: number): number {
  if (!(us >= 1)) return 0;
  return us >= 2 ** (BUCKET_COUNT - 1) ? BUCKET_COUNT - 1 : 32 - Math.clz32(us);
}
