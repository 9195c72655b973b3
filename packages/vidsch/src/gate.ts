/** What a context's VF is told: submits are let through until then. As packages/vf/src/boot/host-request.ts has it. */
export interface Turn {
  readonly serial: number;
  /** Of the monotonic clock. 0: none is let through. */
  readonly untilUs: number;
  /** The VF is to say when it has nothing to do. */
  readonly yields: boolean;
}

/** What a VF says of the turn that it was given last. It may be a lie. */
export interface TurnReport {
  readonly type: 'turn-wanted' | 'turn-over' | 'turn-idle';
  readonly serial: number;
}

export interface GateOutlet {
  readonly nextSerial: () => number;
  readonly grant: (context: number, turn: Turn) => void;
  readonly free: (context: number) => void;
}

/**
 * `free`: every submit is let through, and nothing is said. `open`: it has a turn, and the VF has not said that all of it is
 * over. `emptying`: the same, but it is told to close. `closed`: nothing is unfinished. `ousted`: it held the adapter for too
 * long, and has no turns any more.
 */
export type GateState = 'free' | 'open' | 'emptying' | 'closed' | 'ousted';

/** A context's gate as the host knows it: what it was told, and what it has said of that. */
export class Gate {
  readonly context: number;
  readonly #outlet: GateOutlet;
  #state: GateState = 'free';
  #serial = 0;
  #wants = false;
  #isIdle = false;

  constructor(context: number, outlet: GateOutlet) {
    this.context = context;
    this.#outlet = outlet;
  }

  get state(): GateState {
    return this.#state;
  }

  /** A submit waits at it, and it can be given a turn. */
  get waits(): boolean {
    return this.#state === 'closed' && this.#wants;
  }

  /** It has said that it has nothing to do in its turn. It may have something by now. */
  get isIdle(): boolean {
    return this.#state === 'open' && this.#isIdle;
  }

  free(): void {
    if (this.#state === 'free' || this.#state === 'ousted') return;
    this.#state = 'free';
    this.#wants = false;
    this.#outlet.free(this.context);
  }

  /** What was let through may be unfinished. */
  get holds(): boolean {
    return this.#state === 'open' || this.#state === 'emptying';
  }

  /** Lets nothing through from now on. */
  close(): void {
    if (this.#state !== 'free' && this.#state !== 'open') return;
    this.#state = 'emptying';
    this.#tell({ untilUs: 0, yields: false });
  }

  open(turn: Omit<Turn, 'serial'>): void {
    this.#state = 'open';
    this.#wants = false;
    this.#isIdle = false;
    this.#tell(turn);
  }

  oust(): void {
    this.#state = 'ousted';
  }

  /** What is said of an earlier turn, or without one, changes nothing. */
  hear({ type, serial }: TurnReport): void {
    if (serial !== this.#serial || this.#state === 'free' || this.#state === 'ousted') return;
    switch (type) {
      case 'turn-wanted':
        this.#wants = true;
        return;
      case 'turn-idle':
        this.#isIdle = true;
        return;
      case 'turn-over':
        this.#state = 'closed';
    }
  }

  #tell(turn: Omit<Turn, 'serial'>): void {
    this.#serial = this.#outlet.nextSerial();
    this.#outlet.grant(this.context, { serial: this.#serial, ...turn });
  }
}
