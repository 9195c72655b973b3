import type { VfLimits } from '@gpup/vf';
import type { Random } from '../input/random.ts';
import type { Finding } from '../finding.ts';
import type { GuestModel } from '../model/guest-model.ts';
import type { OutcomeTable } from '../outcome-table.ts';
import type { Attempt, Case, StepLog, Target } from '../target.ts';
import { TRACE_HEAP_BYTES } from '../trace/record.ts';
import { StepClock } from '../time/step-clock.ts';
import type { Trace } from '../trace/trace.ts';
import { Attack, limitsFor } from './attack.ts';
import { Executor, type FuzzBackend } from './executor.ts';
import { type ArenaLink, FuzzLink } from './fuzz-link.ts';
import { decodeStep, encodeStep, SESSION_LIMITS, type SessionOptions } from './session.ts';
import { Stage } from './stage.ts';

export interface PacketTargetOptions {
  readonly name: string;
  readonly table: OutcomeTable;
  readonly traces: { readonly withHeap: readonly Trace[]; readonly withoutHeap: readonly Trace[] };
  /** A new one for each session, or the same for all. */
  readonly backend: () => FuzzBackend;
  readonly settle: (model: GuestModel) => Promise<void>;
  readonly isExact: boolean;
  /** Changes packets before they are sent, for an implementation that does what they ask for. */
  readonly tame?: (words: Uint32Array, model: GuestModel) => Uint32Array;
  /** Either, if not given. */
  readonly hasHeap?: boolean;
  /** Through what the packets reach the host; straight, if not given. */
  readonly connect?: (heapBytes: number | null) => ArenaLink;
  /** A shader of so many bytes is within the limits of every session. */
  readonly shaderBytesMin?: number;
}

/** Streams of packets into a command processor. */
export class PacketTarget implements Target {
  readonly name: string;
  readonly #options: PacketTargetOptions;
  readonly #clock = new StepClock();

  constructor(options: PacketTargetOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async attempt(random: Random, log: StepLog | null): Promise<Attempt> {
    const { table, traces } = this.#options;
    const cell = table.rare(random, () => true);
    const hasHeap = this.#options.hasHeap ?? !random.oneIn(5);
    const options: SessionOptions = { heapBytes: hasHeap ? TRACE_HEAP_BYTES : null, limits: { ...this.#shaderLimit(), ...limitsFor(cell.outcome), ...(random.oneIn(8) ? { submitsInFlightMax: 0 } : {}) } };
    log?.begin(options);
    const executor = this.#executor(options);
    const stage = new Stage(executor, random, { onStep: (step) => log?.step(encodeStep(step)), tame: this.#options.tame ?? ((words) => words) });
    const attack = new Attack({ stage, table, traces: hasHeap ? traces.withHeap : traces.withoutHeap, cell });
    await attack.run();
    const finding = stage.last?.finding ?? (await executor.finish());
    return { inputCount: attack.inputCount, finding, toCase: () => ({ options, steps: stage.steps.map(encodeStep) }) };
  }

  #shaderLimit(): Partial<VfLimits> {
    const { shaderBytesMin = 0 } = this.#options;
    return shaderBytesMin <= SESSION_LIMITS.shaderBytesMax ? {} : { shaderBytesMax: shaderBytesMin };
  }

  async replay({ options, steps }: Case): Promise<Finding | null> {
    const executor = this.#executor(decodeOptions(options));
    for (const text of steps) {
      const step = decodeStep(text);
      const isNow = step.kind === 'packet' && !step.settles;
      const { finding, isEnded } = isNow ? executor.stepNow(step) : await executor.step(step);
      if (finding !== null) return finding;
      if (isEnded) break;
    }
    return executor.finish();
  }

  #executor(session: SessionOptions): Executor {
    const { backend, settle, isExact, connect, tame } = this.#options;
    return new Executor({ session, backend: backend(), settle, isExact, clock: this.#clock, connect: connect ?? connectStraight, checksHeap: connect === undefined, heapFill: tame === undefined ? HEAP_FILL : 0 });
  }
}

function decodeOptions(options: unknown): SessionOptions {
  const { heapBytes, limits } = options as { heapBytes: number | null; limits: Partial<VfLimits> };
  return { heapBytes, limits };
}

const HEAP_FILL = 0xa5;

function connectStraight(heapBytes: number | null): ArenaLink {
  return new FuzzLink(heapBytes === null ? null : new Uint8Array(heapBytes));
}

/** Answers of the null backend come in microtasks, most of them in chains no longer than this. */
const MICROTASKS_MAX = 6;

export async function settleMicrotasks(): Promise<void> {
  for (let i = 0; i < MICROTASKS_MAX; i++) await undefined;
}
