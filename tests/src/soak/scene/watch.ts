import { setTimeout as sleep } from 'node:timers/promises';
import { BUDGETS, complaintsOf } from '../invariants/index.ts';
import { UsageWatch } from '../invariants/usage-watch.ts';
import { SOAK_LIMITS } from '../limits.ts';
import type { Scene } from './scene.ts';
import { CONFIRMATION, settled } from './settled.ts';
import { hangComplaints } from './signs.ts';

/** Looks at the host once a second, whatever is done to it meanwhile. */
export class Watch {
  readonly #scene: Scene;
  readonly #usage = new UsageWatch();
  #isOver = false;
  #lookedMs = performance.now();
  /** Nobody is blamed for what was before. */
  #watchedSinceMs = performance.now();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Resolves after `end`. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      this.#lookAtGuests();
      await this.#lookAtHost();
      await sleep(SOAK_LIMITS.lookMs);
    }
  }

  end(): void {
    this.#isOver = true;
  }

  #lookAtGuests(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs > SOAK_LIMITS.standstillMsMax) this.#watchedSinceMs = nowMs;
    this.#lookedMs = nowMs;
    for (const message of hangComplaints(this.#scene.guests.all, nowMs, this.#watchedSinceMs)) this.#scene.findings.violate('guests-go-on', message);
  }

  async #lookAtHost(): Promise<void> {
    const views = await this.#scene.views();
    if (views === null) return;
    for (const message of this.#usage.look(views)) this.#scene.findings.violate('counts-rise', message);
    // A claim that is about to be refused stands on the page for a moment.
    const complaints = complaintsOf([BUDGETS], views).length === 0 ? [] : await settled(async () => this.#budgetComplaints(), CONFIRMATION);
    for (const { invariant, message } of complaints) this.#scene.findings.violate(invariant, message);
    this.#scene.findings.count('checks.while all goes on');
  }

  async #budgetComplaints(): Promise<ReturnType<typeof complaintsOf>> {
    const views = await this.#scene.views();
    return views === null ? [] : complaintsOf([BUDGETS], views);
  }
}
