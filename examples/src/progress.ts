import type { GuestEvent } from './guest-events.ts';
import type { GuestProgram } from './guest-program.ts';
import { type Palette, isPlain, paletteFor } from './text.ts';

/** Shows what the guests are doing while they do it. */
export interface ProgressView {
  /** Something about a guest has changed; null: it has ended. */
  changed(guest: GuestProgram, event: GuestEvent | null): void;
  /** Leaves the terminal as it was found. */
  close(): void;
}

export type ProgressStream = NodeJS.WriteStream;

export function progressView(stream: ProgressStream, guests: () => readonly GuestProgram[]): ProgressView {
  const palette = paletteFor(stream, process.env);
  return isPlain(stream, process.env) ? new SparseLines(stream) : new LiveLines(stream, guests, palette);
}

/** For a file or a pipe: a line now and then for each guest. */
class SparseLines implements ProgressView {
  readonly #stream: ProgressStream;
  readonly #nextShareByGuest = new Map<string, number>();

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  changed(guest: GuestProgram, event: GuestEvent | null): void {
    if (event === null) this.#write(guest, ending(guest));
    else if (event.event === 'attack') this.#write(guest, `${event.name}: ${event.did}: ${event.outcome} (${event.code})`);
    else if (event.event === 'progress' && guest.attacks.length === 0 && this.#isWorthALine(guest)) this.#write(guest, standing(guest));
  }

  close(): void {}

  #isWorthALine(guest: GuestProgram): boolean {
    const share = guest.steps === 0 ? 0 : guest.step / guest.steps;
    if (share < (this.#nextShareByGuest.get(guest.name) ?? 0)) return false;
    this.#nextShareByGuest.set(guest.name, Math.floor(share * SPARSE_LINES) / SPARSE_LINES + 1 / SPARSE_LINES);
    return true;
  }

  #write(guest: GuestProgram, text: string): void {
    this.#stream.write(`${guest.elapsedSeconds.toFixed(1).padStart(5)} s  ${guest.name.padEnd(NAME_WIDTH)}  ${text}\n`);
  }
}

const SPARSE_LINES = 4;
const NAME_WIDTH = 8;
const BAR_WIDTH = 24;
const REDRAW_MS = 100;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE = '\u001b[K';

/** For a terminal: a line for each guest, drawn anew where it stands. */
class LiveLines implements ProgressView {
  readonly #stream: ProgressStream;
  readonly #guests: () => readonly GuestProgram[];
  readonly #palette: Palette;
  readonly #timer: NodeJS.Timeout;
  #drawnLineCount = 0;

  constructor(stream: ProgressStream, guests: () => readonly GuestProgram[], palette: Palette) {
    this.#stream = stream;
    this.#guests = guests;
    this.#palette = palette;
    stream.write(HIDE_CURSOR);
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  changed(): void {
    // The next drawing shows it.
  }

  close(): void {
    clearInterval(this.#timer);
    this.#draw();
    this.#stream.write(SHOW_CURSOR);
  }

  #draw(): void {
    const lines = this.#guests().map((guest) => this.#line(guest));
    const up = this.#drawnLineCount === 0 ? '' : `\u001b[${this.#drawnLineCount}A`;
    this.#stream.write(`${up}${lines.map((line) => `\r${line}${CLEAR_LINE}\n`).join('')}`);
    this.#drawnLineCount = lines.length;
  }

  #line(guest: GuestProgram): string {
    const { good, bad, faint } = this.#palette;
    const share = guest.steps === 0 ? 0 : guest.step / guest.steps;
    const full = Math.round(share * BAR_WIDTH);
    const bar = `${'█'.repeat(full)}${faint('░'.repeat(BAR_WIDTH - full))}`;
    const paint = guest.isRunning ? (text: string): string => text : guest.succeeded ? good : bad;
    const time = `${guest.elapsedSeconds.toFixed(1)} s`.padStart(7);
    const head = `  ${guest.name.padEnd(NAME_WIDTH)}  `;
    // Lines that wrap could not be drawn over.
    const room = (this.#stream.columns ?? 80) - head.length - BAR_WIDTH - time.length - 5;
    const text = guest.isRunning ? standing(guest) : ending(guest);
    return `${head}${bar}  ${time}  ${paint(text.slice(0, Math.max(0, room)))}`;
  }
}

function standing(guest: GuestProgram): string {
  const last = guest.attacks.at(-1);
  if (last !== undefined) return `attack ${guest.step} of ${guest.steps}; ${last.name}: ${last.outcome} (${last.code})`;
  if (guest.steps === 0) return 'starts';
  const loss = guest.losses.at(-1)?.loss;
  return `step ${guest.step} of ${guest.steps}${loss === undefined ? '' : `, loss ${loss.toFixed(3)}`}`;
}

function ending(guest: GuestProgram): string {
  return guest.failure ?? guest.result?.verdict ?? 'ended';
}
