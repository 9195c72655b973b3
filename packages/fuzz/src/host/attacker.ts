import { HEADER, layoutAperture, viewAperture, type Aperture } from '@gpup/bus';
import {
  closeDescriptor, connectUnixSocket, createSocketPair, type Mapping, mapShared, punchHole, receiveDescriptors, receiveNow, resizeFile, sendDescriptors, sendNow, shutdownSocket, waitForDescriptor,
} from '@gpup/os';

const LINE_BYTES_MAX = 4096;
const ANSWER_MS_MAX = 20_000;
const LINGER_MS = 40;
const DESCRIPTORS_MAX = 200;
const PACKET_WORDS_HEAD = 2;

/** What a hostile guest process has: sockets to the host, and what it was given. Every step is forgiven if it cannot be. */
export class Attacker {
  readonly #path: string;
  #control: number | null = null;
  #data: number | null = null;
  #token = '';
  #memfd: number | null = null;
  #mapping: Mapping | null = null;
  #aperture: Aperture | null = null;
  #sizeBytes = 0;
  #lines = '';

  constructor(socketPath: string) {
    this.#path = socketPath;
  }

  perform(step: string): void {
    const [verb = '', first = '', ...rest] = step.split(' ');
    try {
      this.#act(verb, first, rest);
    } catch {
      // The host has closed what the step was about, or the kernel forbids it: as it should be.
    }
  }

  #act(verb: string, first: string, rest: readonly string[]): void {
    const number = Number.parseInt(first, 16) || 0;
    switch (verb) {
      case 'garbage':
        this.#control ??= connectUnixSocket(this.#path);
        return void sendNow(this.#control, Buffer.from(first, 'hex'));
      case 'open':
        return this.#open(first);
      case 'attach':
        return this.#attach(first);
      case 'receive':
        return this.#receive();
      case 'resize':
        return resizeFile(this.#memfd as number, number);
      case 'punch':
        return punchHole(this.#memfd as number, number, Math.max(4096, Number.parseInt(rest[0] ?? '', 16) || 0));
      case 'unmap':
        return this.#unmap();
      case 'store':
        return this.#store(number, Number.parseInt(rest[0] ?? '0', 16));
      case 'packet':
        return this.#packet([number, ...rest.map((word) => Number.parseInt(word, 16))]);
      default:
        return this.#actOnSockets(verb, first, number);
    }
  }

  #actOnSockets(verb: string, first: string, number: number): void {
    const fd = (first === 'control' ? this.#control : this.#data) as number;
    switch (verb) {
      case 'bell':
        for (let count = Math.min(number, 10_000); count > 0; count--) sendNow(this.#data as number, Uint8Array.of(1));
        return;
      case 'bytes':
        return void sendNow(this.#data as number, Buffer.from(first, 'hex'));
      case 'descriptors-control':
      case 'descriptors-data':
        return this.#sendDescriptors(verb.endsWith('control') ? this.#control : this.#data, number);
      case 'shutdown':
        return shutdownSocket(fd);
      case 'close':
        return this.#close(first);
      case 'linger':
        return void waitForDescriptor(this.#control as number, 'readable', LINGER_MS);
      default:
        return undefined;
    }
  }

  #open(transport: string): void {
    this.#control ??= connectUnixSocket(this.#path);
    sendNow(this.#control, Buffer.from(`${JSON.stringify({ type: 'open', protocol: { major: 1, minor: 0 }, transport, pid: process.pid })}\n`));
    const line = this.#line();
    if (line !== null) this.#token = (JSON.parse(line) as { token?: string }).token ?? '';
  }

  #attach(kind: string): void {
    this.#data ??= connectUnixSocket(this.#path);
    const token = kind === 'good' ? this.#token : kind === 'bad' ? 'f'.repeat(64) : kind;
    sendNow(this.#data, Buffer.from(`${JSON.stringify({ type: 'attach', token })}\n`));
  }

  /** The announcement, and the aperture with it. */
  #receive(): void {
    const fd = this.#data as number;
    if (!waitForDescriptor(fd, 'readable', ANSWER_MS_MAX)) return;
    const { bytes, fds } = receiveDescriptors(fd, { byteCountMax: LINE_BYTES_MAX, fdCountMax: 1 });
    const [memfd] = fds;
    const layout = layoutAperture(JSON.parse(new TextDecoder().decode(bytes)) as never);
    if (memfd === undefined || layout === null) return;
    this.#memfd = memfd;
    this.#sizeBytes = layout.sizeBytes;
    this.#mapping = mapShared(memfd, layout.sizeBytes);
    this.#aperture = viewAperture(this.#mapping.buffer, layout);
  }

  #unmap(): void {
    this.#mapping?.release();
    this.#mapping = null;
    this.#aperture = null;
  }

  /** Any word of the aperture. */
  #store(index: number, value: number): void {
    const { buffer } = this.#mapping as Mapping;
    new Uint32Array(buffer)[index % (this.#sizeBytes / 4)] = value;
  }

  /** As a correct guest publishes one. */
  #packet(words: readonly number[]): void {
    const { control, commandRing } = this.#aperture as Aperture;
    const tail = Atomics.load(control, HEADER.commandTail) >>> 0;
    const whole = [words[0] ?? 0, words.length + PACKET_WORDS_HEAD - 1, ...words.slice(1)];
    for (const [index, word] of whole.entries()) commandRing[(tail + index) % commandRing.length] = word;
    Atomics.store(control, HEADER.commandTail, tail + whole.length);
    sendNow(this.#data as number, Uint8Array.of(1));
  }

  #sendDescriptors(fd: number | null, count: number): void {
    const [one, other] = createSocketPair();
    try {
      sendDescriptors(fd as number, Uint8Array.of(0x0a), new Array<number>(1 + (count % DESCRIPTORS_MAX)).fill(one));
    } finally {
      closeDescriptor(one);
      closeDescriptor(other);
    }
  }

  #close(which: string): void {
    if (which === 'control' && this.#control !== null) {
      closeDescriptor(this.#control);
      this.#control = null;
    }
    if (which === 'data' && this.#data !== null) {
      closeDescriptor(this.#data);
      this.#data = null;
    }
  }

  /** The next line on the control connection, or null at its end. */
  #line(): string | null {
    const chunk = new Uint8Array(LINE_BYTES_MAX);
    for (;;) {
      const end = this.#lines.indexOf('\n');
      if (end >= 0) {
        const line = this.#lines.slice(0, end);
        this.#lines = this.#lines.slice(end + 1);
        return line;
      }
      if (this.#control === null || !waitForDescriptor(this.#control, 'readable', ANSWER_MS_MAX)) return null;
      const count = receiveNow(this.#control, chunk);
      if (count === 'gone') return null;
      this.#lines += new TextDecoder().decode(chunk.subarray(0, count));
    }
  }

  /** What the host has said at last: the code of a loss or of a refusal; `alive` if neither came for a while. */
  verdict(): string {
    for (;;) {
      if (!this.#lines.includes('\n') && this.#control !== null && !waitForDescriptor(this.#control, 'readable', LINGER_MS)) return 'alive';
      const line = this.#control === null && !this.#lines.includes('\n') ? null : this.#line();
      if (line === null) return 'gone';
      const { type, code } = JSON.parse(line) as { type?: string; code?: string };
      if ((type === 'lost' || type === 'error') && code !== undefined) return code;
    }
  }

  /** As the end of the process does. */
  end(): void {
    this.#close('control');
    this.#close('data');
    this.#unmap();
    if (this.#memfd !== null) closeDescriptor(this.#memfd);
    this.#memfd = null;
  }
}

