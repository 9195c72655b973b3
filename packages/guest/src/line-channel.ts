import { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { closeDescriptor, receiveNow, waitForDescriptor } from '@gpup/os';
import { HostError } from './host-error.ts';
import { GUEST_LIMITS } from './limits.ts';

/**
 * Lines from a descriptor, read in either of two ways: blocking, for callers that cannot await, or through
 * the event loop. It starts out blocking; the first `watch` or `next` hands the descriptor to the event loop
 * for good.
 */
export class LineChannel {
  readonly fd: number;
  readonly #name: string;
  readonly #decoder = new StringDecoder('utf8');
  #text = '';
  #ended = false;
  #closed = false;
  #socket: Socket | undefined;
  #onChange: () => void = () => {};

  /** Takes ownership of the descriptor. `name` says in messages who is at the other end. */
  constructor(fd: number, name: string) {
    this.fd = fd;
    this.#name = name;
  }

  /** Waits for the next line, blocking the thread. Null: the other end is closed. */
  nextSync(timeoutMs: number): string | null {
    const deadlineMs = performance.now() + timeoutMs;
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const line = this.#take();
      if (line !== undefined) return line;
      if (this.#ended) return null;
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw this.#timeout(timeoutMs);
      if (!waitForDescriptor(this.fd, 'readable', leftMs)) continue;
      const received = receiveNow(this.fd, chunk);
      if (received === 'gone') this.#ended = true;
      else this.#append(chunk.subarray(0, received));
    }
  }

  /** The same without blocking. The process stays alive meanwhile. */
  async next(timeoutMs: number): Promise<string | null> {
    const socket = this.#open();
    socket.ref();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#timeout(timeoutMs)), timeoutMs);
    });
    try {
      return await Promise.race([this.#nextLine(), timeout]);
    } finally {
      clearTimeout(timer);
      this.#onChange = () => {};
      socket.unref();
    }
  }

  /** Hands on each further line, and null once when the other end closes. Does not keep the process alive. */
  watch(onLine: (line: string | null) => void): void {
    const deliver = (): void => {
      try {
        for (let line = this.#take(); line !== undefined; line = this.#take()) onLine(line);
      } catch {
        // A peer that writes no lines is as good as gone.
        this.#ended = true;
      }
      if (!this.#ended) return;
      this.close();
      onLine(null);
    };
    this.#open().unref();
    this.#onChange = deliver;
    // What came together with an earlier line.
    if (this.#text !== '' || this.#ended) queueMicrotask(deliver);
  }

  /** Whether the watched channel keeps the process alive. */
  setWaiting(waiting: boolean): void {
    if (waiting) this.#socket?.ref();
    else this.#socket?.unref();
  }

  /** Releases the descriptor. Nothing is handed on after it. */
  close(): void {
    this.#onChange = () => {};
    if (this.#socket !== undefined) this.#socket.destroy();
    else if (!this.#closed) closeDescriptor(this.fd);
    this.#closed = true;
  }

  #nextLine(): Promise<string | null> {
    return new Promise((resolve, reject) => {
      this.#onChange = () => {
        try {
          const line = this.#take();
          if (line !== undefined) resolve(line);
          else if (this.#ended) resolve(null);
        } catch (error) {
          reject(error as Error);
        }
      };
      this.#onChange();
    });
  }

  #open(): Socket {
    if (this.#socket !== undefined) return this.#socket;
    const socket = new Socket({ fd: this.fd, readable: true, writable: true });
    this.#socket = socket;
    // An error is followed by 'close', which is the end for us like any other.
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#append(chunk as Buffer);
      this.#onChange();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#onChange();
    });
    return socket;
  }

  #append(chunk: Buffer): void {
    this.#text += this.#decoder.write(chunk);
  }

  #take(): string | undefined {
    const end = this.#text.indexOf('\n');
    if (end > GUEST_LIMITS.hostLineBytesMax || (end === -1 && this.#text.length > GUEST_LIMITS.hostLineBytesMax)) {
      throw new HostError('bad-line', `${this.#name} wrote a line of more than ${GUEST_LIMITS.hostLineBytesMax} bytes.`);
    }
    if (end === -1) return undefined;
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  #timeout(timeoutMs: number): HostError {
    return new HostError('host-timeout', `${this.#name} did not answer within ${timeoutMs} ms.`);
  }
}

const CHUNK_BYTES = 4096;

/** What a dialogue waits for: the next line of a channel. */
export interface Wait {
  readonly channel: LineChannel;
  readonly timeoutMs: number;
}

/** A dialogue with a host, written once: it yields what it waits for and is given the line. */
export type Dialogue<T> = Generator<Wait, T, string | null>;

export function runSync<T>(dialogue: Dialogue<T>): T {
  let step = dialogue.next();
  while (!step.done) {
    const { channel, timeoutMs } = step.value;
    let line: string | null;
    try {
      line = channel.nextSync(timeoutMs);
    } catch (error) {
      step = dialogue.throw(error);
      continue;
    }
    step = dialogue.next(line);
  }
  return step.value;
}

export async function run<T>(dialogue: Dialogue<T>): Promise<T> {
  let step = dialogue.next();
  while (!step.done) {
    const { channel, timeoutMs } = step.value;
    let line: string | null;
    try {
      line = await channel.next(timeoutMs);
    } catch (error) {
      step = dialogue.throw(error);
      continue;
    }
    step = dialogue.next(line);
  }
  return step.value;
}
