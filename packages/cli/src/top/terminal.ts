import type { ReadStream, WriteStream } from 'node:tty';
import type { Line, LineStyle } from './screen.ts';

const ESCAPE = '\u001b';
const ENTER = `${ESCAPE}[?1049h${ESCAPE}[?25l${ESCAPE}[?7l`;
const LEAVE = `${ESCAPE}[?7h${ESCAPE}[?25h${ESCAPE}[?1049l`;
const HOME = `${ESCAPE}[H`;
const CLEAR_LINE = `${ESCAPE}[K`;
const CLEAR_BELOW = `${ESCAPE}[J`;
const NORMAL = `${ESCAPE}[0m`;
const STYLES: Readonly<Record<LineStyle, string>> = {
  plain: '',
  title: `${ESCAPE}[1m`,
  head: `${ESCAPE}[7m`,
  faint: `${ESCAPE}[2m`,
  alarm: `${ESCAPE}[1;31m`,
};

/** The terminal's other screen, until it is left: then everything is as it was before. */
export class TerminalScreen {
  readonly #input: ReadStream | null;
  readonly #output: WriteStream;
  #isEntered = false;

  /** `input` null: there are no keys. */
  constructor(input: ReadStream | null, output: WriteStream) {
    this.#input = input;
    this.#output = output;
  }

  get width(): number {
    return this.#output.columns;
  }

  get height(): number {
    return this.#output.rows;
  }

  enter(): void {
    if (this.#isEntered) return;
    this.#isEntered = true;
    this.#input?.setRawMode(true);
    this.#output.write(ENTER);
  }

  /** Also from a handler of the process's end: a terminal is written to at once. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.#output.write(LEAVE);
    this.#input?.setRawMode(false);
  }

  /** In one write, over what was there. A terminal that has not taken the last picture gets none. */
  draw(lines: readonly Line[]): void {
    if (!this.#isEntered || this.#output.writableLength > 0) return;
    // Cleared before they are written: behind a full line the cursor is on its last character.
    const text = lines.map((line) => `${CLEAR_LINE}${styled(line)}`).join('\r\n');
    this.#output.write(`${HOME}${text}${lines.length < this.height ? `\r\n${CLEAR_BELOW}` : ''}`);
  }
}

function styled({ text, style }: Line): string {
  const start = STYLES[style];
  return start === '' ? text : `${start}${text}${NORMAL}`;
}
