import type { EventQueue } from './event-queue.ts';

/** A submit on its way. */
export interface Work {
  readonly partition: string;
  readonly context: number;
  readonly lengthUs: number;
  /** When the guest made it. */
  readonly madeUs: number;
  /** It was let through while there were no turns. */
  readonly wasFree: boolean;
  readonly done: () => void;
}

/** A GPU that does one submit after the other, and a record of what it did. */
export class SimulatedGpu {
  readonly #queue: EventQueue;
  readonly #waiting: Work[] = [];
  #running: { readonly work: Work; readonly startUs: number } | null = null;
  readonly #busyUs = new Map<string, number>();
  /** Called when a submit begins. */
  onBegin: (work: Work, nowUs: number) => void = () => {};
  onSubmit: (work: Work, unfinished: readonly Work[]) => void = () => {};

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  submit(work: Work): void {
    this.onSubmit(work, this.#running === null ? this.#waiting : [this.#running.work, ...this.#waiting]);
    this.#waiting.push(work);
    this.#begin();
  }

  /** What the context has submitted ends with its process. */
  drop(context: number): void {
    for (let index = this.#waiting.length - 1; index >= 0; index--) if (this.#waiting[index]?.context === context) this.#waiting.splice(index, 1);
    if (this.#running?.work.context !== context) return;
    this.#account(this.#running);
    this.#running = null;
    this.#begin();
  }

  get totalBusyUs(): number {
    return [...this.#busyUs.keys()].reduce((sum, partition) => sum + this.busyUs(partition), 0);
  }

  busyUs(partition: string): number {
    const done = this.#busyUs.get(partition) ?? 0;
    return this.#running?.work.partition === partition ? done + this.#queue.nowUs - this.#running.startUs : done;
  }

  #begin(): void {
    const work = this.#running === null ? this.#waiting.shift() : undefined;
    if (work === undefined) return;
    const running = { work, startUs: this.#queue.nowUs };
    this.#running = running;
    if (!this.#busyUs.has(work.partition)) this.#busyUs.set(work.partition, 0);
    this.onBegin(work, this.#queue.nowUs);
    this.#queue.after(work.lengthUs, () => {
      if (this.#running !== running) return;
      this.#account(running);
      this.#running = null;
      work.done();
      this.#begin();
    });
  }

  #account({ work, startUs }: { readonly work: Work; readonly startUs: number }): void {
    this.#busyUs.set(work.partition, (this.#busyUs.get(work.partition) ?? 0) + this.#queue.nowUs - startUs);
  }
}
