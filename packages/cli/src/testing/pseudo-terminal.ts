import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, read, writeSync } from 'node:fs';
import { CLI_MAIN_PATH } from './processes.ts';

type Function = (...args: unknown[]) => number;
interface Koffi {
  load(path: null): { func(declaration: string): Function };
}

const TIOCSWINSZ = 0x5414;
/** sizeof(struct termios), and more. */
const TERMIOS_BYTES = 64;

interface Calls {
  readonly ioctl: Function;
  readonly tcgetattr: Function;
}

/** A terminal that a program runs on, as its user sees it. Linux alone, as the rest of the command line's tests. */
export class PseudoTerminal {
  readonly #masterFd: number;
  readonly #slaveFd: number;
  readonly #calls: Calls;
  output = '';
  #isClosed = false;

  private constructor(calls: Calls, masterFd: number, slaveFd: number) {
    this.#calls = calls;
    this.#masterFd = masterFd;
    this.#slaveFd = slaveFd;
    this.#readOn();
  }

  static async open(size: { readonly width: number; readonly height: number }): Promise<PseudoTerminal> {
    // By name at run time: FFI belongs to the package of system calls.
    const name: string = 'koffi';
    const { default: koffi } = (await import(name)) as { default: Koffi };
    const libc = koffi.load(null);
    const grantpt = libc.func('int grantpt(int fd)');
    const unlockpt = libc.func('int unlockpt(int fd)');
    const ptsname = libc.func('int ptsname_r(int fd, _Out_ uint8_t *name, size_t length)');
    const calls = { ioctl: libc.func('int ioctl(int fd, unsigned long request, uint16_t *argument)'), tcgetattr: libc.func('int tcgetattr(int fd, _Out_ uint8_t *termios)') };
    const masterFd = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
    const path = Buffer.alloc(64);
    if (grantpt(masterFd) !== 0 || unlockpt(masterFd) !== 0 || ptsname(masterFd, path, path.length) !== 0) throw new Error('There is no pseudo-terminal.');
    const slaveFd = openSync(path.subarray(0, path.indexOf(0)).toString(), constants.O_RDWR | constants.O_NOCTTY);
    const terminal = new PseudoTerminal(calls, masterFd, slaveFd);
    terminal.#setSize(size);
    return terminal;
  }

  /** In a group of its own: it may stop its group, and nobody else's. */
  gpup(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
    const env = { ...process.env, LANG: 'C.UTF-8', LC_ALL: '', ...environment };
    return spawn(process.execPath, [CLI_MAIN_PATH, ...args], { env, detached: true, stdio: [this.#slaveFd, this.#slaveFd, this.#slaveFd] });
  }

  type(keys: string): void {
    writeSync(this.#masterFd, keys);
  }

  /** The program is told by a signal, as by the kernel where the terminal is its own. */
  resize(child: ChildProcess, size: { readonly width: number; readonly height: number }): void {
    this.#setSize(size);
    child.kill('SIGWINCH');
  }

  #setSize({ width, height }: { readonly width: number; readonly height: number }): void {
    if (this.#calls.ioctl(this.#slaveFd, TIOCSWINSZ, Uint16Array.of(height, width, 0, 0)) !== 0) throw new Error('The terminal has no size.');
  }

  /** Its mode: what a program that makes it raw has to restore. */
  mode(): string {
    const termios = Buffer.alloc(TERMIOS_BYTES);
    if (this.#calls.tcgetattr(this.#slaveFd, termios) !== 0) throw new Error('The terminal has no mode.');
    return termios.toString('hex');
  }

  /** Resolves when this holds of what was printed. */
  async shows(test: (output: string) => boolean): Promise<void> {
    while (!test(this.output)) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  close(): void {
    this.#isClosed = true;
    closeSync(this.#slaveFd);
    closeSync(this.#masterFd);
  }

  #readOn(): void {
    const buffer = Buffer.alloc(1 << 16);
    read(this.#masterFd, buffer, 0, buffer.length, null, (error, byteCount) => {
      if (error !== null || this.#isClosed) return;
      this.output += buffer.toString('utf8', 0, byteCount);
      this.#readOn();
    });
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's sequences begin with one
const SEQUENCE = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** The lines of the last picture, as far as it is there. */
export function lastPicture(output: string): readonly string[] {
  const pictures = output.split('\u001b[H').slice(1);
  const last = pictures.at(-1) ?? '';
  return last.replace(SEQUENCE, '').split(/\r+\n/);
}
