import { setTimeout as sleep } from 'node:timers/promises';

/** For hangs: what is late on a busy machine is not wrong. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 25;

/** Looks again and again until what is found is as it must be in the end. */
export async function until<T>(look: () => Promise<T>, isRight: (found: T) => boolean): Promise<T> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (isRight(found)) return found;
    if (performance.now() > deadlineMs) throw new Error(`It stays ${JSON.stringify(found)}.`);
    await sleep(LOOK_MS);
  }
}
