import type { Turn, TurnReport } from '../gate.ts';
import type { Signs } from '../turn-scheduler.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimulatedGpu } from './simulated-gpu.ts';

export interface SimulatedVfOptions {
  readonly queue: EventQueue;
  readonly gpu: SimulatedGpu;
  readonly partition: string;
  readonly context: number;
  readonly say: (report: TurnReport) => void;
}

interface GuestSubmit {
  readonly lengthUs: number;
  readonly madeUs: number;
  readonly done: () => void;
}

const IDLE_US = 300;
/** So long its host sees it inside of one command before it does not wait for it any more. */
const UNAWARE_US = 100_000;
/** As a VF has it: then its guest is not read any more. */
const UNFINISHED_MAX = 64;

/** A VF that keeps to its turns: its gate, and the guest's submits that wait before it. */
export class SimulatedVf {
  readonly #options: SimulatedVfOptions;
  readonly #submits: GuestSubmit[] = [];
  #turn: Turn | null = null;
  #unfinishedCount = 0;
  /** Until it knows better, one at a time. */
  #recentUs = Number.POSITIVE_INFINITY;
  #hasSaid: Record<TurnReport['type'], boolean> = { 'turn-wanted': false, 'turn-over': false, 'turn-idle': false };
  #idleMark = 0;
  #finishedUs = 0;
  #stalledSinceUs = 0;
  #stalledUntilUs = 0;
  /** What came of the host meanwhile; the last of it. */
  #unheard: Turn | null | undefined;
  #unnoticedCount = 0;
  #isDead = false;

  constructor(options: SimulatedVfOptions) {
    this.#options = options;
  }

  /** Submits of the guest that wait at the gate. */
  get waitingCount(): number {
    return this.#submits.length;
  }

  /** It is let through when it may. */
  submit(lengthUs: number, done: () => void): void {
    this.#submits.push({ lengthUs, madeUs: this.#options.queue.nowUs, done });
    this.#look();
  }

  /** What the host says has arrived. */
  turn(turn: Turn | null): void {
    if (this.#isDead) return;
    if (this.#isStalled) {
      this.#unheard = turn;
      return;
    }
    this.#turn = turn;
    this.#hasSaid = { 'turn-wanted': false, 'turn-over': false, 'turn-idle': false };
    if (turn !== null) this.#options.queue.at(turn.untilUs, () => this.#look());
    this.#look();
  }

  /** Its thread is inside of one command for so long. */
  stall(us: number): void {
    const { queue } = this.#options;
    const untilUs = queue.nowUs + us;
    if (this.#stalledUntilUs > queue.nowUs) return;
    this.#stalledSinceUs = queue.nowUs;
    this.#stalledUntilUs = untilUs;
    queue.at(untilUs, () => {
      const heard = this.#unheard;
      this.#unheard = undefined;
      this.#unfinishedCount -= this.#unnoticedCount;
      this.#unnoticedCount = 0;
      if (heard === undefined) this.#look();
      else this.turn(heard);
    });
  }

  /** As its slot has it. */
  get signs(): Signs {
    if (this.#unfinishedCount === 0) return 'finished';
    const { nowUs } = this.#options.queue;
    return this.#isStalled && nowUs - this.#stalledSinceUs > UNAWARE_US ? 'unaware' : 'unfinished';
  }

  get #isStalled(): boolean {
    return this.#options.queue.nowUs < this.#stalledUntilUs;
  }

  die(): void {
    this.#isDead = true;
    this.#options.gpu.drop(this.#options.context);
  }

  get #isOpen(): boolean {
    return this.#turn === null || this.#options.queue.nowUs < this.#turn.untilUs;
  }

  #look(): void {
    if (this.#isDead || this.#isStalled) return;
    while (this.#submits.length > 0 && this.#mayAdmit()) this.#admit();
    const turn = this.#turn;
    if (turn === null) return;
    if (!this.#isOpen) {
      if (this.#submits.length > 0) this.#say('turn-wanted', turn);
      if (this.#unfinishedCount === 0) this.#say('turn-over', turn);
    } else if (turn.yields) this.#lookForIdle(turn);
  }

  #mayAdmit(): boolean {
    if (!this.#isOpen || this.#unfinishedCount >= UNFINISHED_MAX) return false;
    if (this.#turn === null || this.#unfinishedCount === 0) return true;
    return this.#unfinishedCount * this.#recentUs < this.#turn.untilUs - this.#options.queue.nowUs;
  }

  #admit(): void {
    const { queue, gpu, partition, context } = this.#options;
    const submit = this.#submits.shift() as GuestSubmit;
    const submittedUs = queue.nowUs;
    this.#unfinishedCount++;
    this.#idleMark++;
    gpu.submit({
      partition, context,
      lengthUs: submit.lengthUs,
      madeUs: submit.madeUs,
      wasFree: this.#turn === null,
      done: () => {
        if (this.#isStalled) this.#unnoticedCount++;
        else this.#unfinishedCount--;
        // Others' submits in between are part of it.
        this.#recentUs = queue.nowUs - Math.max(submittedUs, this.#finishedUs);
        this.#finishedUs = queue.nowUs;
        // The guest hears of it, and then the VF looks at what it has.
        submit.done();
        queue.after(0, () => this.#look());
      },
    });
  }

  #lookForIdle(turn: Turn): void {
    if (this.#submits.length > 0 || this.#unfinishedCount > 0) return;
    const mark = ++this.#idleMark;
    this.#options.queue.after(IDLE_US, () => {
      const isIdle = mark === this.#idleMark && this.#submits.length === 0 && this.#unfinishedCount === 0;
      if (isIdle && this.#turn === turn && this.#isOpen && !this.#isStalled) this.#say('turn-idle', turn);
    });
  }

  #say(type: TurnReport['type'], { serial }: Turn): void {
    if (this.#hasSaid[type] || this.#isDead) return;
    this.#hasSaid[type] = true;
    this.#options.say({ type, serial });
  }
}
