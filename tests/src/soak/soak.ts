import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Findings } from './findings.ts';
import { SOAK_LIMITS } from './limits.ts';
import { Plan, type Step } from './plan/plan.ts';
import type { AnyStepKind } from './plan/step-kind.ts';
import type { Summary } from './report/summary.ts';
import { inTime } from './scene/in-time.ts';
import { Scene, type SceneOptions } from './scene/scene.ts';
import { Watch } from './scene/watch.ts';
import { QUIESCE_STEP, STEP_KINDS, quiesce } from './steps/index.ts';

export interface SoakOptions {
  readonly seed: number;
  /** It ends with the step in which this time is over, and then comes to rest once more. */
  readonly minutes: number;
  readonly actSteps: number;
  readonly tdr: SceneOptions['tdr'];
  /** Default: all that there are. */
  readonly kinds?: readonly AnyStepKind[];
  readonly onProgress: (text: string) => void;
  /** Ends it at once, as it is. */
  readonly signal?: AbortSignal;
}

/** Some two minutes from one rest to the next. */
export const ACT_STEPS = 50;
/** Those of the host for software adapters (docs/tdr.md): guests that do nothing wrong share two cores with the culprit. */
export const TDR_DELAYS = { delayMs: 10_000, ddiDelayMs: 20_000 } as const;

export async function soak(options: SoakOptions): Promise<Summary> {
  const run = new SoakRun(options);
  return run.toEnd();
}

class SoakRun {
  readonly #options: SoakOptions;
  readonly #findings = new Findings();
  readonly #scene: Scene;
  readonly #plan: Plan;
  readonly #startMs = performance.now();
  #lastStep = '';

  constructor(options: SoakOptions) {
    const { seed, actSteps, tdr, onProgress, kinds = STEP_KINDS } = options;
    this.#options = options;
    this.#scene = new Scene({ findings: this.#findings, onProgress, tdr });
    this.#plan = new Plan({ seed, actSteps, kinds, quiesce: QUIESCE_STEP });
  }

  async toEnd(): Promise<Summary> {
    const watch = new Watch(this.#scene);
    let watching: Promise<void> | undefined;
    try {
      await this.#scene.open();
      watching = watch.run().catch((error: unknown) => this.#findings.violate('watch', (error as Error).stack ?? String(error)));
      await this.#steps();
    } catch (error) {
      this.#findings.violate('steps', `${this.#lastStep}: ${(error as Error).stack ?? String(error)}`);
    } finally {
      watch.end();
      await watching;
    }
    return this.#close();
  }

  async #steps(): Promise<void> {
    const { minutes, signal } = this.#options;
    while (performance.now() - this.#startMs < minutes * 60_000 && this.#findings.isClean && signal?.aborted !== true) {
      const step = this.#plan.next();
      await this.#perform(step);
      await sleep(step.pauseMs);
    }
    if (this.#findings.isClean && signal?.aborted !== true) await quiesce(this.#scene, { isEmptied: true });
  }

  async #perform({ index, kind, params }: Step): Promise<void> {
    this.#findings.stepIndex = index;
    this.#lastStep = `${index} ${kind.name} ${JSON.stringify(params)}`;
    this.#findings.count(`steps.${kind.name}`);
    // A rest consists of things that each have a limit of their own.
    const done = kind.perform(this.#scene, params);
    await (kind === QUIESCE_STEP ? done : inTime(done, SOAK_LIMITS.stepMsMax, `Step ${this.#lastStep}`));
    this.#options.onProgress(this.#lastStep);
  }

  async #close(): Promise<Summary> {
    const { directory, latest, memory } = this.#scene;
    if (!this.#findings.isClean) writeFileSync(join(directory, 'latest.json'), JSON.stringify(latest, (_, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value), 2));
    await this.#scene.close({ keepFiles: !this.#findings.isClean });
    const { seed } = this.#options;
    return {
      seed,
      isClean: this.#findings.isClean,
      minutes: Math.round((performance.now() - this.#startMs) / 600) / 100,
      stepCount: this.#findings.stepIndex + 1,
      lastStep: this.#lastStep,
      violations: this.#findings.violations,
      keptDirectory: this.#findings.isClean ? null : directory,
      counts: this.#findings.counts(),
      memory: memory.rows,
    };
  }
}
