import { setTimeout as sleep } from 'node:timers/promises';

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
