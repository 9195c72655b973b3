interface Entry {
  readonly atUs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Simulated time: what is to happen happens in its order, at once. */
export class EventQueue {
  #nowUs = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  get nowUs(): number {
    return this.#nowUs;
  }

  at(atUs: number, run: () => void): void {
    const entry = { atUs: Math.max(atUs, this.#nowUs), order: this.#order++, run };
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
  }

  after(us: number, run: () => void): void {
    this.at(this.#nowUs + us, run);
  }

  runUntil(endUs: number): void {
    for (let first = this.#heap[0]; first !== undefined && first.atUs <= endUs; first = this.#heap[0]) {
      this.#removeFirst();
      this.#nowUs = first.atUs;
      first.run();
    }
    this.#nowUs = endUs;
  }

  #removeFirst(): void {
    const last = this.#heap.pop() as Entry;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(index: number): void {
    for (let at = index; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(index: number): void {
    for (let at = index; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [first, second] = [this.#heap[one] as Entry, this.#heap[other] as Entry];
    return first.atUs === second.atUs ? first.order < second.order : first.atUs < second.atUs;
  }

  #swap(one: number, other: number): void {
    [this.#heap[one], this.#heap[other]] = [this.#heap[other] as Entry, this.#heap[one] as Entry];
  }
}
