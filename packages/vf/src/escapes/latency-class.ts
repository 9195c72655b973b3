import type { LatencyClassReply, LatencyClassRequest } from '@gpup/wire/escapes';
import type { Context } from '../context.ts';
import type { ToldLatencyClass } from '../told-latency-class.ts';

/** Keeps the hint, and tells the scheduler. It moves no limit of the context's. */
export function setLatencyClass(context: Context, told: ToldLatencyClass, { latencyClass }: LatencyClassRequest): LatencyClassReply {
  const previous = context.latencyClass;
  context.latencyClass = latencyClass;
  told.set(latencyClass);
  return { previous };
}
