import type { Backend, ProcessorEnd, VfLimits } from '@gpup/vf';
import { CommandProcessor, ESCAPE_NAMES } from '@gpup/vf';
import { type Finding, findingOf } from '../finding.ts';
import type { StepClock } from '../time/step-clock.ts';
import { GuestModel, type Prediction } from '../model/guest-model.ts';
import type { ArenaLink } from './fuzz-link.ts';
import { SESSION_LIMITS, type SessionOptions, type Step } from './session.ts';

/** A backend that can lose its devices at will. */
export interface FuzzBackend extends Backend {
  readonly loseDevices?: (message: string) => void;
}

export interface ExecutorOptions {
  readonly session: SessionOptions;
  readonly backend: FuzzBackend;
  /** Makes the host's end, with a heap of so many bytes or none. */
  readonly connect: (heapBytes: number | null) => ArenaLink;
  /** The guest does not write to the heap by itself: so whatever changes there, the host did. */
  readonly checksHeap: boolean;
  /** What the heap is full of: bytes that the host does not write there by chance. */
  readonly heapFill: number;
  /** Lets everything happen that answers to the last packet lead to. */
  readonly settle: (model: GuestModel) => Promise<void>;
  /**
   * The implementation plays all that the model takes to be played. Where it refuses a bundle's encoder, the
   * commands are not even looked at: then they break no rule, and name nothing that would be accounted for.
   */
  readonly isExact: boolean;
  readonly clock: StepClock;
}

/** What came of one step. */
export interface StepResult {
  readonly row: string;
  /** `accepted`, `application-error`, or the code of a fault. */
  readonly outcome: string;
  /** Recorded commands that were played to their end. */
  readonly commands: readonly string[];
  readonly finding: Finding | null;
  readonly isEnded: boolean;
}

const NO_COMMANDS: readonly string[] = [];
const NO_FAULTS: readonly string[] = [];
/** A packet that takes longer keeps the VF from everything else. */
const SLOW_MS = 2000;

/**
 * One context under attack: a command processor, and the model that knows what must come of each packet.
 * Faults that the model predicts are the only ones allowed, and the host's accounts must be the model's.
 */
export class Executor {
  readonly model: GuestModel;
  readonly #link: ArenaLink;
  readonly #processor: CommandProcessor;
  readonly #backend: FuzzBackend;
  readonly #settle: () => Promise<void>;
  readonly #isExact: boolean;
  readonly #clock: StepClock;
  readonly #heapBefore: Uint8Array | null;
  readonly #heapFill: number;
  #end: ProcessorEnd | null = null;
  /** The end has been compared with what was expected. */
  #isEndJudged = false;

  constructor({ session, backend, connect, settle, isExact, clock, checksHeap, heapFill }: ExecutorOptions) {
    const limits: VfLimits = { ...SESSION_LIMITS, ...session.limits };
    this.#link = connect(session.heapBytes);
    const { heap } = this.#link;
    this.#heapFill = heapFill;
    heap?.fill(heapFill);
    this.#heapBefore = checksHeap ? (heap?.slice() ?? null) : null;
    this.#backend = backend;
    this.#settle = () => settle(this.model);
    this.#isExact = isExact;
    this.#clock = clock;
    this.model = new GuestModel({ limits, heapBytes: session.heapBytes });
    this.#link.onReply = (words, begin) => this.model.receive(words, begin);
    this.#processor = new CommandProcessor({
      link: this.#link,
      backend,
      limits,
      escapes: ESCAPE_NAMES,
      report: (end) => {
        this.#end = end;
      },
    });
  }

  get isEnded(): boolean {
    return this.#end !== null;
  }

  get isPaused(): boolean {
    return this.#link.isPaused;
  }

  /** Takes one step, and lets what it leads to happen if the step says so. */
  async step(step: Step): Promise<StepResult> {
    while (this.#link.isPaused && this.#end === null) await this.#settle();
    const result = this.stepNow(step);
    if (result.isEnded || result.finding !== null || (step.kind === 'packet' && !step.settles)) return result;
    await this.#settle();
    return { ...this.#result(result.row, NO_FAULTS), commands: result.commands };
  }

  /** The same without waiting: nothing that the implementation answers later has happened when it returns. */
  stepNow(step: Step): StepResult {
    if (step.kind === 'lose-devices') {
      this.#backend.loseDevices?.('lost by the fuzzer');
      return this.#result('lose-devices', NO_FAULTS);
    }
    const prediction = this.model.predict(step.words);
    const { row, fault, mayFault } = prediction;
    const commands = fault === null ? this.model.decoder.commands.slice() : NO_COMMANDS;
    this.model.errorCount = 0;
    this.#clock.begin();
    this.#link.deliver(step.words);
    const finding = this.#judge({ row, fault, mayFault }) ?? this.#slowFinding(row);
    if (finding !== null) return { row, outcome: 'finding', commands, finding, isEnded: true };
    if (this.#end === null) this.model.accept();
    return { ...this.#result(row, fault === null ? mayFault : [fault]), commands };
  }

  /** What the processor did against what it had to do. */
  #judge({ row, fault, mayFault }: Prediction): Finding | null {
    const end = this.#end;
    if (end?.type === 'bug') return findingOf('bug', row, end.error);
    const actual = end?.type === 'fault' ? end.code : null;
    if (actual === null && !this.#isExact && this.model.isInsideBundle) return null;
    if (actual === fault || (fault === null && actual !== null && mayFault.includes(actual))) return null;
    return { kind: 'prediction', row, message: `came to ${actual ?? 'acceptance'}, expected ${fault ?? 'acceptance'}` };
  }

  #slowFinding(row: string): Finding | null {
    const tookMs = this.#clock.excessMs(SLOW_MS);
    return tookMs === null ? null : { kind: 'slow', row, message: `took ${tookMs} ms of processor time` };
  }

  #result(row: string, expected: readonly string[]): StepResult {
    const end = this.#end;
    const isEnded = end !== null;
    if (end?.type === 'bug') return { row, outcome: 'finding', commands: NO_COMMANDS, finding: findingOf('bug', row, end.error), isEnded };
    if (end?.type === 'fault') {
      const finding = this.#isEndJudged ? null : this.#endFinding(row, end.code, expected);
      this.#isEndJudged = true;
      return { row, outcome: end.code, commands: NO_COMMANDS, finding, isEnded };
    }
    const outcome = this.model.errorCount > 0 ? 'application-error' : 'accepted';
    return { row, outcome, commands: NO_COMMANDS, finding: this.#accountsFinding(row), isEnded };
  }

  /** The guest must have been told the same reason that the host was. */
  #endFinding(row: string, code: string, expected: readonly string[]): Finding | null {
    if (this.model.lossCode !== code) return { kind: 'loss', row, message: `The guest was told ${this.model.lossCode}, the host ${code}.` };
    if (!expected.includes(code)) return { kind: 'prediction', row, message: `came to ${code} when the implementation answered` };
    return null;
  }

  #accountsFinding(row: string): Finding | null {
    if (!this.#isExact) return null;
    const message = this.model.difference(this.#processor.statistics());
    return message === null ? null : { kind: 'accounts', row, message };
  }

  /** What must hold once the context is left alone; releases everything if it lives. */
  async finish(): Promise<Finding | null> {
    await this.#settle();
    await this.#settle();
    return this.#result('(end)', NO_FAULTS).finding ?? this.#heapFinding() ?? this.#journalFinding();
  }

  /** Every byte that changed must lie in a region that a request named. */
  #heapFinding(): Finding | null {
    const heap = this.#link.heap;
    const before = this.#heapBefore;
    if (heap === null || before === null) return null;
    for (const [begin, end] of this.model.writable) heap.fill(this.#heapFill, begin, end);
    if (Buffer.compare(heap, before) === 0) return null;
    const at = heap.findIndex((byte, index) => byte !== before[index]);
    return { kind: 'heap-write', row: '(end)', message: `The host wrote to the heap at ${at}, which no request named.` };
  }

  /** The journal names only what its earlier entries create: else it could not be played back. */
  #journalFinding(): Finding | null {
    if (this.#end !== null || !this.#isExact) return null;
    const { states } = this.#processor.journal();
    const message = states.length === this.model.objects.recordCount ? null : `The journal has ${states.length} states for ${this.model.objects.recordCount} objects.`;
    return message === null ? null : { kind: 'journal', row: '(end)', message };
  }
}
