import { type Server, type Socket, createServer } from 'node:net';
import { LineBuffer } from '@gpup/os/line-buffer';
import type { VfAssignment } from '@gpup/vf/boot';
import type { AdapterChoice } from './adapters/choice.ts';
import { Context } from './context.ts';
import { type GuestLine, type Reason, decodeGuestLine, encodeHostLine, isReason } from './control-protocol.ts';
import { PF_LIMITS } from './limits.ts';
import { pfStep } from './steps.ts';
import { VfPool } from './vf-pool.ts';

export interface HostOptions {
  readonly adapter: AdapterChoice;
  /** What every context of this host gets; the transport is the guest's choice. */
  readonly vf: Omit<VfAssignment, 'transport'>;
  readonly poolSize: number;
  /** An existing directory of ours alone. */
  readonly directory: string;
}

/**
 * The host end of the control protocol: accepts guests and gives each context a VF process. It maps
 * nothing that a guest can write, loads no driver and sees no guest command: all of that is the VFs'.
 */
export class Host {
  readonly #options: HostOptions;
  readonly #server: Server;
  readonly #pool: VfPool;
  /** Connections that have not said yet what they want. */
  readonly #halfOpen = new Set<Socket>();
  /** Every context that is not wholly gone, so that this bounds the number of VF processes. */
  readonly #contexts = new Set<Context>();
  #contextCount = 0;
  #closing = false;
  #onEmpty: () => void = () => {};

  constructor(options: HostOptions) {
    this.#options = options;
    const { adapter, directory, poolSize } = options;
    this.#pool = new VfPool({
      launch: {
        config: { hostPid: process.pid, dawnFlags: adapter.dawnFlags },
        // Some drivers and loaders complain without a runtime directory; theirs is ours, and goes with it.
        environment: { XDG_RUNTIME_DIR: directory, ...adapter.environment },
      },
      size: poolSize,
      onEmpty: () => this.#checkEmpty(),
    });
    this.#server = createServer((socket) => this.#accept(socket));
  }

  listen(socketPath: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socketPath, () => resolve());
    });
  }

  /** Starts VF processes until so many wait for guests. */
  prepare(vfCount: number): void {
    this.#pool.fill(vfCount);
  }

  /** Ends every context and resolves when all VF processes are reaped, or after a while without. */
  async close(reason: Reason): Promise<void> {
    this.#closing = true;
    this.#server.close();
    for (const socket of this.#halfOpen) socket.destroy();
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    this.#pool.close(reason);
    for (const context of this.#contexts) context.end(reason);
    this.#checkEmpty();
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, PF_LIMITS.shutdownMsMax));
    await Promise.race([empty, timeout]);
  }

  /** Waits for the first line, which says what the connection is for. */
  #accept(socket: Socket): void {
    // Every error is followed by 'close', which is what we act on.
    socket.on('error', () => {});
    if (this.#closing) return void socket.destroy();
    if (this.#halfOpen.size >= PF_LIMITS.halfOpenConnectionsMax) {
      return refuse(socket, {
        code: 'too-many-connections',
        message: `The host has ${this.#halfOpen.size} connections without a first line, as many as it allows (${PF_LIMITS.halfOpenConnectionsMax}).`,
      });
    }
    this.#halfOpen.add(socket);
    const lines = new LineBuffer(PF_LIMITS.guestLineBytesMax);
    const timer = setTimeout(
      () => refuse(socket, { code: 'hello-timeout', message: `No line came within ${PF_LIMITS.helloMsMax} ms of the connection.` }),
      PF_LIMITS.helloMsMax,
    );
    const settle = (): void => {
      clearTimeout(timer);
      this.#halfOpen.delete(socket);
      socket.removeAllListeners('data');
    };
    socket.once('close', settle);
    socket.on('data', (chunk) => {
      lines.push(chunk as Buffer);
      const next = lines.next();
      if (next === null) return;
      settle();
      this.#welcome(socket, firstLine(next, lines.pendingBytes));
    });
  }

  #welcome(socket: Socket, line: GuestLine | Reason): void {
    if (isReason(line)) return refuse(socket, line);
    if (line.type === 'attach') return this.#attach(socket, line.token);
    if (this.#contexts.size >= PF_LIMITS.contextsMax) {
      return refuse(socket, {
        code: 'too-many-contexts',
        message: `The host has ${this.#contexts.size} contexts, as many as it allows (${PF_LIMITS.contextsMax}).`,
      });
    }
    const context = new Context({
      id: ++this.#contextCount,
      control: socket,
      assignment: { ...this.#options.vf, transport: line.transport },
      pool: this.#pool,
      onEnded: (ended) => this.#forget(ended),
    });
    this.#contexts.add(context);
  }

  #attach(socket: Socket, token: string): void {
    // Every context is asked, also after a match: how long this takes tells nothing about a token.
    const expecting = [...this.#contexts].filter((context) => context.expects(token));
    const [context] = expecting;
    if (context === undefined) return refuse(socket, { code: 'bad-token', message: 'No context waits for this token.' });
    context.attach(socket);
  }

  #forget(context: Context): void {
    this.#contexts.delete(context);
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#contexts.size + this.#pool.processCount > 0 || !this.#closing) return;
    pfStep('pf.vfs-killed');
    this.#onEmpty();
  }
}

function firstLine(next: { readonly line: string } | 'too-long', pendingBytes: number): GuestLine | Reason {
  if (next === 'too-long') {
    return { code: 'line-too-long', message: `The first line is longer than a line may be (${PF_LIMITS.guestLineBytesMax} bytes).` };
  }
  // A guest waits for the answer to its first line before it writes anything else.
  if (pendingBytes > 0) return { code: 'bad-line', message: `The first line is followed by ${pendingBytes} bytes at once.` };
  return decodeGuestLine(next.line);
}

/** Says why and closes. The peer need not read it, nor close its own end. */
function refuse(socket: Socket, reason: Reason): void {
  socket.resume();
  if (socket.writable) socket.write(encodeHostLine({ type: 'error', ...reason }));
  socket.destroySoon();
}
