/** Timeout detection with Windows' meanings: what waits longer than it may costs its context the VF process. */

export interface TdrLimits {
  /** TdrDelay: how long submitted work that is the next to finish may take. */
  readonly delayMs: number;
  /** TdrDdiDelay: how long one pipeline may be in the making, the VF's thread be inside of one packet, or a ping be without an answer. */
  readonly ddiDelayMs: number;
}

/** 2 s and 5 s: Windows' defaults. A software GPU computes on the machine's processors, which others use as well. */
export const TDR_DEFAULTS: Readonly<Record<'hardware' | 'software', TdrLimits>> = {
  hardware: { delayMs: 2_000, ddiDelayMs: 5_000 },
  software: { delayMs: 10_000, ddiDelayMs: 20_000 },
};

/**
 * What is seen of one context, on the same monotonic clock as `nowMs`; null where nothing waits. What the page says is written
 * by a VF that a guest may have taken over: whatever it says can end that context alone, and a VF that hides its work there
 * still has to answer pings.
 */
export interface TdrObservation {
  /**
   * Up to when what the VF says of submits and pipelines holds: then or later its thread has looked for those that are done.
   * One that is inside of a long packet notices nothing.
   */
  readonly seenMs: number;
  /** Since when the oldest submit that has not finished has been the next to finish. */
  readonly submitSinceMs: number | null;
  /** As many submits as finish as one, as far as the VF can tell; each may take as long as a submit may. */
  readonly submitCount: number;
  /** Since when the oldest pipeline or shader module that is not made yet has been the next to finish. */
  readonly compileSinceMs: number | null;
  /** Since when the VF's thread has been inside of one packet. */
  readonly threadSinceMs: number | null;
  /** Since when a ping has had no answer. Whoever asks reads the answers that have come before: a host that was stopped would find all of them late. */
  readonly pingSinceMs: number | null;
}

export type TdrVerdict = { readonly kind: 'ok' } | TimedOut;

export interface TimedOut {
  readonly kind: 'tdr';
  /** `turn`: found by the scheduler. */
  readonly why: 'submit' | 'compile' | 'thread' | 'ping' | 'turn';
  readonly waitedMs: number;
  readonly limitMs: number;
}

/** Where several waits are too long, the one that says most about the cause. Exactly as long as the limit is in time. */
export function judge(observation: TdrObservation, limits: TdrLimits, nowMs: number): TdrVerdict {
  const { seenMs, submitSinceMs, submitCount, compileSinceMs, threadSinceMs, pingSinceMs } = observation;
  return (
    late('submit', submitSinceMs, limits.delayMs * submitCount, seenMs) ??
    late('compile', compileSinceMs, limits.ddiDelayMs, seenMs) ??
    late('thread', threadSinceMs, limits.ddiDelayMs, nowMs) ??
    late('ping', pingSinceMs, limits.ddiDelayMs, nowMs) ?? { kind: 'ok' }
  );
}

function late(why: TimedOut['why'], sinceMs: number | null, limitMs: number, nowMs: number): TimedOut | null {
  if (sinceMs === null) return null;
  const waitedMs = nowMs - sinceMs;
  return waitedMs > limitMs ? { kind: 'tdr', why, waitedMs, limitMs } : null;
}

/** For the guest and the operator. */
export function tdrMessage({ why, waitedMs, limitMs }: TimedOut): string {
  return `${SUBJECT[why]} for ${waitedMs} ms, longer than it may (${limitMs} ms); the context's VF process was ended.`;
}

const SUBJECT: Readonly<Record<TimedOut['why'], string>> = {
  submit: 'Submitted work has not finished',
  compile: 'A pipeline has been in the making',
  thread: 'The VF has been executing one command',
  ping: 'The VF has not answered',
  turn: 'The context has held the adapter beyond its turn',
};
