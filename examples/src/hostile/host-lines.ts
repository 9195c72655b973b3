import { closeDescriptor, connectUnixSocket, receiveNow, sendNow, waitForDescriptor } from '@gpup/os';

export type HostLine = Readonly<Record<string, unknown>>;

const CHUNK_BYTES = 4096;

/** A control connection to the host process, used as roughly as it comes: everything blocks. */
export class HostLines {
  readonly fd: number;
  #text = '';

  constructor(socketPath: string) {
    this.fd = connectUnixSocket(socketPath);
  }

  /** False: the host does not read any more. */
  say(text: string | Uint8Array): boolean {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    return sendNow(this.fd, bytes) === bytes.length;
  }

  /** The host's next line, or one of type 'gone' at the end of the connection; null after a silence of `timeoutMs`. */
  next(timeoutMs: number): HostLine | null {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return JSON.parse(line) as HostLine;
      }
      if (!waitForDescriptor(this.fd, 'readable', Math.max(0, deadlineMs - performance.now()))) return null;
      const received = receiveNow(this.fd, chunk);
      if (received === 'gone') return { type: 'gone' };
      this.#text += chunk.toString('utf8', 0, received);
    }
  }

  close(): void {
    closeDescriptor(this.fd);
  }
}
