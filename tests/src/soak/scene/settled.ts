import { setTimeout as sleep } from 'node:timers/promises';
import { SOAK_LIMITS } from '../limits.ts';

export interface Patience {
  readonly limitMs: number;
  readonly lookMs: number;
}

/**
 * What is left to complain about, looked at again and again until it is nothing, or for so long. What ends takes its time,
 * and what is looked at here and there is not seen at one moment.
 */
export async function settled<Complaint>(look: () => Promise<readonly Complaint[]>, { limitMs, lookMs }: Patience): Promise<readonly Complaint[]> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    const complaints = await look();
    if (complaints.length === 0 || performance.now() > deadlineMs) return complaints;
    await sleep(lookMs);
  }
}

/** For what must come to an end by itself. */
export const SETTLING: Patience = { limitMs: SOAK_LIMITS.settleMsMax, lookMs: SOAK_LIMITS.settleLookMs };
/** For what must not be at any time, but can look so for a moment. */
export const CONFIRMATION: Patience = { limitMs: SOAK_LIMITS.confirmMsMax, lookMs: SOAK_LIMITS.settleLookMs };
