import type { Findings } from '../findings.ts';
import { SOAK_LIMITS } from '../limits.ts';
import { inTime } from './in-time.ts';

/** What goes on while other steps are done: one of each kind at a time. */
export class Background {
  readonly #findings: Findings;
  readonly #running = new Map<string, Promise<void>>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  isRunning(kind: string): boolean {
    return this.#running.has(kind);
  }

  start(kind: string, run: () => Promise<void>): void {
    const done = inTime(run(), SOAK_LIMITS.stepMsMax, `What "${kind}" has left running`)
      .catch((error: unknown) => this.#findings.violate('steps', (error as Error).stack ?? String(error)))
      .finally(() => this.#running.delete(kind));
    this.#running.set(kind, done);
  }

  /** Resolves when nothing is running any more. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }
}
