import { setImmediate } from 'node:timers/promises';
import { type Finding, findingKey, findingOf } from './finding.ts';
import type { SessionRecorder } from './flight-recorder.ts';
import { hashText, Random } from './input/random.ts';
import { MemoryWatch } from './memory-watch.ts';
import { minimize } from './minimize.ts';
import type { Attempt, Case, Target } from './target.ts';
import { ROUND, type TargetSet } from './targets.ts';

export interface RunOptions {
  readonly seed: number;
  /** Sessions are dealt out to so many runs, of which this is one. */
  readonly job: number;
  readonly jobCount: number;
  readonly seconds: number;
  readonly inputCountMax: number;
  /** Names of targets; empty: all. */
  readonly targets: readonly string[];
  readonly stopsAtFinding: boolean;
  /** A folder of further traces. */
  readonly corpus?: string | null;
  /** A file of `gpup capture`. */
  readonly trace?: string | null;
  /** Sessions that another run has had. */
  readonly firstSession?: number;
}

/** A finding with the smallest case that shows it. */
export interface KeptFinding {
  readonly target: string;
  readonly finding: Finding;
  readonly kept: Case;
  /** Of the session that found it: the seed of the run, and the number of the session. */
  readonly seed: number;
  readonly stream: number;
  /** Sessions that came to the same. */
  count: number;
}

export interface RunResult {
  readonly inputCount: number;
  readonly sessionCount: number;
  readonly inputCountByTarget: Readonly<Record<string, number>>;
  readonly findings: readonly KeptFinding[];
  /** What the run itself measured: seconds of the clock, and of the processor. */
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const MINIMIZE_MS_MAX = 5_000;
/** So many different findings are a reason to stop: the rest would be more of the same. */
const FINDINGS_MAX = 64;

/** Runs sessions of the targets in turn, until the time or the inputs are used up. */
export class Run {
  readonly #set: TargetSet;
  readonly #options: RunOptions;
  readonly #recorder: SessionRecorder | null;
  readonly #findings = new Map<string, KeptFinding>();
  readonly #inputCounts = new Map<string, number>();
  readonly #rejections: unknown[] = [];
  readonly #memory = new MemoryWatch();
  #sessionCount = 0;
  #streamCount: number;
  readonly #startMs = performance.now();
  readonly #startCpu = process.cpuUsage();

  constructor(set: TargetSet, options: RunOptions, recorder: SessionRecorder | null = null) {
    this.#set = set;
    this.#options = options;
    this.#recorder = recorder;
    this.#streamCount = options.firstSession ?? 0;
  }

  get sessionCount(): number {
    return this.#sessionCount;
  }

  get inputCount(): number {
    let sum = 0;
    for (const count of this.#inputCounts.values()) sum += count;
    return sum;
  }

  get findingCount(): number {
    return this.#findings.size;
  }

  /** `progress` is called after each round. */
  async go(progress: () => void = () => {}): Promise<RunResult> {
    const onRejection = (reason: unknown): void => void this.#rejections.push(reason);
    process.on('unhandledRejection', onRejection);
    try {
      while (!this.#isDone()) {
        await this.#round();
        progress();
      }
    } finally {
      process.off('unhandledRejection', onRejection);
    }
    return this.result();
  }

  /** As far as it has come. */
  result(): RunResult {
    const { user, system } = process.cpuUsage(this.#startCpu);
    return {
      inputCount: this.inputCount,
      sessionCount: this.#sessionCount,
      inputCountByTarget: Object.fromEntries(this.#inputCounts),
      findings: [...this.#findings.values()],
      seconds: (performance.now() - this.#startMs) / 1000,
      cpuSeconds: (user + system) / 1e6,
    };
  }

  #isDone(): boolean {
    const { seconds, inputCountMax, stopsAtFinding } = this.#options;
    if (this.#findings.size >= (stopsAtFinding ? 1 : FINDINGS_MAX)) return true;
    return performance.now() - this.#startMs >= seconds * 1000 || this.inputCount >= inputCountMax;
  }

  async #round(): Promise<void> {
    const { targets } = this.#options;
    for (const target of this.#set.targets) {
      if (targets.length > 0 && !targets.includes(target.name)) continue;
      const attempts = await this.#sessions(target, ROUND[target.name] ?? 1);
      await this.#afterwards(target, attempts);
    }
  }

  async #sessions(target: Target, count: number): Promise<Attempt[]> {
    const attempts: Attempt[] = [];
    for (let i = 0; i < count; i++) {
      const stream = this.#streamCount++ * this.#options.jobCount + this.#options.job;
      this.#recorder?.session(target.name);
      const random = new Random(this.#options.seed, stream ^ hashText(target.name));
      const attempt = await target.attempt(random, this.#recorder);
      attempts.push(attempt);
      this.#sessionCount++;
      this.#inputCounts.set(target.name, (this.#inputCounts.get(target.name) ?? 0) + attempt.inputCount);
      if (attempt.finding !== null) await this.#found(target, attempt.finding, attempt.toCase(), stream);
    }
    return attempts;
  }

  /** What shows only once the event loop has turned: promises that nobody listens to, memory that stays. */
  async #afterwards(target: Target, attempts: readonly Attempt[]): Promise<void> {
    await setImmediate();
    if (this.#rejections.length > 0) await this.#findRejection(target, attempts, findingOf('rejection', target.name, this.#rejections[0]));
    const message = this.#memory.complaint();
    if (message !== null) await this.#found(target, { kind: 'memory', row: target.name, message }, (attempts.at(-1) as Attempt).toCase(), -1);
  }

  async #findRejection(target: Target, attempts: readonly Attempt[], finding: Finding): Promise<void> {
    for (const attempt of attempts) {
      this.#rejections.length = 0;
      await target.replay(attempt.toCase());
      await setImmediate();
      if (this.#rejections.length > 0) return this.#found(target, finding, attempt.toCase(), -1);
    }
    this.#rejections.length = 0;
    return this.#found(target, finding, { options: null, steps: [] }, -1);
  }

  async #found(target: Target, finding: Finding, kept: Case, stream: number): Promise<void> {
    const key = `${target.name} ${findingKey(finding)}`;
    const known = this.#findings.get(key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    // Stack traces cost too much to have them always.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 30;
    const smaller = await minimize(target, kept, finding, performance.now() + MINIMIZE_MS_MAX);
    const again = await target.replay(smaller);
    Error.stackTraceLimit = stackTraceLimit;
    this.#findings.set(key, { target: target.name, finding: again ?? finding, kept: smaller, seed: this.#options.seed, stream, count: 1 });
  }
}
