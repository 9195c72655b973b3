import type { ReadStream, WriteStream } from 'node:tty';
import { continued } from './history.ts';
import { type KeyAction, keyActions } from './keys.ts';
import type { Meter, Reading } from './meter.ts';
import { type Screen, type TopState, linesOf, rowCountOf, scrollMax } from './screen.ts';
import { type Sorting, sortedBy } from './sorting.ts';
import { TerminalScreen } from './terminal.ts';

/** The state after a reading. */
export function afterReading(state: TopState, reading: Reading): TopState {
  if (reading.kind === 'gone') return { ...state, trouble: reading.error.message };
  const { rates } = reading;
  return { ...state, rates, trouble: undefined, histories: continued(state.histories, rates) };
}

/** The state after a key that changes what is shown. */
export function afterKey(state: TopState, action: Extract<KeyAction, { kind: 'sort' | 'scroll' }>, screen: Screen): TopState {
  if (action.kind === 'sort') return { ...state, sorting: sortedBy(state.sorting, action.key), scroll: 0 };
  const most = scrollMax(state, screen);
  const steps = { row: 1, page: Math.max(1, rowCountOf(state, screen)), end: Number.MAX_SAFE_INTEGER }[action.by];
  // What is beyond the end, as the screen has grown or partitions have gone, does not count.
  return { ...state, scroll: Math.max(0, Math.min(most, Math.min(state.scroll, most) + action.sign * steps)) };
}

export interface LiveOptions {
  readonly meter: Meter;
  /** A terminal to read keys from, or null. */
  readonly input: ReadStream | null;
  readonly output: WriteStream;
  readonly intervalMs: number;
  readonly sorting: Sorting;
  readonly blocks: string;
}

/** So soon there is something to see, however long the intervals are. */
const FIRST_MS_MAX = 1000;

/** Signals that end the program; the terminal is given back first. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** The picture on a terminal, until somebody ends it. One at a time. */
export class Live {
  readonly #options: LiveOptions;
  readonly #terminal: TerminalScreen;
  #state: TopState;
  #hasQuit = false;
  #wake: () => void = () => {};

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#terminal = new TerminalScreen(options.input, options.output);
    const { intervalMs, sorting } = options;
    this.#state = { rates: undefined, histories: new Map(), trouble: undefined, intervalMs, sorting, scroll: 0, isLive: true };
  }

  /** Resolves when somebody has quit; rejects where the host cannot be asked any more. The terminal is as before in either case. */
  async run(): Promise<void> {
    const stopListening = this.#listen();
    try {
      this.#terminal.enter();
      this.#draw();
      await this.#watch();
    } finally {
      stopListening();
      this.#terminal.leave();
    }
  }

  async #watch(): Promise<void> {
    const { meter, intervalMs } = this.#options;
    for (;;) {
      await this.#pause(this.#state.rates === undefined ? Math.min(intervalMs, FIRST_MS_MAX) : intervalMs);
      if (this.#hasQuit) return;
      // A host that does not answer keeps nobody from leaving.
      const reading = await Promise.race([meter.read(), this.#quitting()]);
      if (reading === null || this.#hasQuit) return;
      this.#state = afterReading(this.#state, reading);
      this.#draw();
    }
  }

  /** Null when somebody quits. */
  #quitting(): Promise<null> {
    return new Promise((resolve) => {
      this.#wake = () => resolve(null);
    });
  }

  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([over, this.#quitting()]);
    clearTimeout(timer);
  }

  #quit(): void {
    this.#hasQuit = true;
    this.#wake();
  }

  #listen(): () => void {
    const { input, output } = this.#options;
    const onKeys = (bytes: Buffer): void => {
      for (const action of keyActions(bytes.toString('latin1'))) this.#act(action);
    };
    const onResize = (): void => this.#draw();
    const onContinue = (): void => this.#resume();
    const onExit = (): void => this.#terminal.leave();
    const onSignal = (signal: NodeJS.Signals): void => {
      stop();
      this.#terminal.leave();
      // As it would have ended without us.
      process.kill(process.pid, signal);
    };
    const stop = (): void => {
      input?.off('data', onKeys);
      input?.off('end', onInputEnd);
      input?.pause();
      output.off('resize', onResize);
      process.off('SIGCONT', onContinue);
      process.off('exit', onExit);
      for (const signal of ENDING) process.off(signal, onSignal);
    };
    // The terminal is gone.
    const onInputEnd = (): void => this.#quit();
    input?.on('data', onKeys);
    input?.on('end', onInputEnd);
    output.on('resize', onResize);
    process.on('SIGCONT', onContinue);
    process.on('exit', onExit);
    for (const signal of ENDING) process.on(signal, onSignal);
    return stop;
  }

  #resume(): void {
    if (this.#hasQuit) return;
    this.#terminal.enter();
    this.#draw();
  }

  #act(action: KeyAction): void {
    switch (action.kind) {
      case 'quit':
        return this.#quit();
      case 'suspend':
        this.#terminal.leave();
        // The shell gets the terminal; with SIGCONT we have it again, or at once where there is no shell to stop us.
        process.kill(0, 'SIGTSTP');
        setImmediate(() => this.#resume());
        return;
      case 'redraw':
        return this.#draw();
      default:
        this.#state = afterKey(this.#state, action, this.#screen());
        return this.#draw();
    }
  }

  #screen(): Screen {
    return { width: this.#terminal.width, height: this.#terminal.height, blocks: this.#options.blocks };
  }

  #draw(): void {
    this.#terminal.draw(linesOf(this.#state, this.#screen()));
  }
}
