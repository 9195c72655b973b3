/** Timeout detection with Windows' meanings: what waits longer than it may costs its context the VF process. */

export interface TdrLimits {
  /** TdrDelay: how long submitted work that is the next to finish may take. */
  readonly delayMs: number;
  /** TdrDdiDelay: how long the VF's thread may be inside of one packet, or leave a ping without an answer. */
  readonly ddiDelayMs: number;
}

/** 2 s and 5 s: Windows' defaults. A software GPU computes on the machine's processors, which others use as well. */
export const TDR_DEFAULTS: Readonly<Record<'hardware' | 'software', TdrLimits>> = {
  hardware: { delayMs: 2_000, ddiDelayMs: 5_000 },
  software: { delayMs: 10_000, ddiDelayMs: 20_000 },
};

/**
 * What is seen of one context, on the same monotonic clock as `nowMs`; null where nothing waits. The first two are written by
 * a VF that a guest may have taken over: whatever they say can end that context alone, and a VF that hides its work in them
 * still has to answer pings.
 */
export interface TdrObservation {
  /** Since when the oldest submit that has not finished has been the next to finish. */
  readonly submitSinceMs: number | null;
  /** Since when the VF's thread has been inside of one packet. */
  readonly threadSinceMs: number | null;
  /** Since when a ping has had no answer. Whoever asks reads the answers that have come before: a host that was stopped would find all of them late. */
  readonly pingSinceMs: number | null;
}

export type TdrVerdict = { readonly kind: 'ok' } | TimedOut;

export interface TimedOut {
  readonly kind: 'tdr';
  readonly why: 'submit' | 'thread' | 'ping';
  readonly waitedMs: number;
  readonly limitMs: number;
}

/** Where several waits are too long, the one that says most about the cause. Exactly as long as the limit is in time. */
export function judge(observation: TdrObservation, limits: TdrLimits, nowMs: number): TdrVerdict {
  return (
    late('submit', observation.submitSinceMs, limits.delayMs, nowMs) ??
    late('thread', observation.threadSinceMs, limits.ddiDelayMs, nowMs) ??
    late('ping', observation.pingSinceMs, limits.ddiDelayMs, nowMs) ?? { kind: 'ok' }
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
  thread: 'The VF has been executing one command',
  ping: 'The VF has not answered',
};
