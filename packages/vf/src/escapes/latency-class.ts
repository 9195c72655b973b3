import type { LatencyClassReply, LatencyClassRequest } from '@gpup/wire/escapes';
import type { Context } from '../context.ts';

/** Keeps the hint where the scheduler looks for it. It moves no limit of the context's. */
export function setLatencyClass(context: Context, { latencyClass }: LatencyClassRequest): LatencyClassReply {
  const previous = context.latencyClass;
  context.latencyClass = latencyClass;
  return { previous };
}
