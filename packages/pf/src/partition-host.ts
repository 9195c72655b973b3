import { type Server, type Socket, createServer } from 'node:net';
import { descriptorOf, guardConnection } from '@gpup/os';
import { LineBuffer } from '@gpup/os/line-buffer';
import type { Transport, TurnLine } from '@gpup/vf/boot';
import type { Adoption } from './adopted-vf.ts';
import { Context } from './context.ts';
import { type GuestLine, type Reason, decodeGuestLine, encodeHostLine, isReason } from './control-protocol.ts';
import { type Grant, isGrant } from './grant.ts';
import { PF_LIMITS } from './limits.ts';
import type { VfPool } from './vf-pool.ts';

/** What a partition's owner decides, and what it is told. */
export interface PartitionOwner {
  /** What a next context gets, or why there is none. */
  admit(contextCount: number): Grant | Reason;
  /** The same for one that another host process has admitted, and that has this place in the partition's page. */
  readmit(adoption: Adoption): Grant | Reason;
  /** Never given twice in the life of a host process, nor to two contexts that live at once. */
  nextContextId(): number;
  /** Not called for one that is taken over. */
  readonly onOpened: (context: Context) => void;
  /** It has a VF, which can be given turns before it hears of its guest. Not called for one that is taken over. */
  readonly onAssigned?: (context: Context) => void;
  /** Its guest's commands are executed from now on, and its VF can be given turns (`context.vf`); also one that is taken over. */
  readonly onReady?: (context: Context) => void;
  /** What its VF says of the turn that it was given last: true or not, and at a bounded rate. */
  readonly onTurn?: (context: Context, line: TurnLine) => void;
  /** `context.latencyClass` has changed, perhaps before it is ready. */
  readonly onLatencyClass?: (context: Context) => void;
  /** Nothing is left of the context. */
  readonly onEnded: (context: Context, reason: Reason) => void;
}

export interface PartitionHostOptions {
  /** Empty for a host without partitions, as the adapter's name then is. */
  readonly name: string;
  readonly adapter: string;
  /** Null: its adapter is not there, and nobody is admitted. */
  readonly pool: VfPool | null;
  readonly owner: PartitionOwner;
}

/**
 * The host end of the control protocol for one partition: accepts guests at its socket and gives each context a VF
 * process. It maps nothing that a guest can write, loads no driver and sees no guest command: all of that is the
 * VFs'.
 */
export class PartitionHost {
  readonly #options: PartitionHostOptions;
  readonly #server: Server;
  /** Connections that have not said yet what they want. */
  readonly #halfOpen = new Set<Socket>();
  /** Every context that is not wholly gone, so that this bounds the number of VF processes. */
  readonly #contexts = new Map<Context, Transport | null>();
  #isClosing = false;
  #onEmpty: () => void = () => {};

  constructor(options: PartitionHostOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get name(): string {
    return this.#options.name;
  }

  get contexts(): readonly Context[] {
    return [...this.#contexts.keys()];
  }

  /** For its user alone unless the caller, or the directory's owner, opens it to others. */
  listen(socketPath: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      const umask = process.umask(0o177);
      this.#server.listen(socketPath, () => resolve());
      process.umask(umask);
    });
  }

  /** Accepts nobody any more; contexts live on. Removes the socket. */
  stopListening(): void {
    this.#isClosing = true;
    this.#server.close();
    for (const socket of this.#halfOpen) socket.destroy();
  }

  /** Accepts nobody any more, ends every context, and resolves when all of their VF processes have ended. */
  close(reason: Reason): Promise<void> {
    this.stopListening();
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const context of this.contexts) context.end(reason);
    this.#checkEmpty();
    return empty;
  }

  /** Takes over a context of the host process before, and all of its descriptors but the page's. A reason: it takes nothing. */
  adopt(adoption: Adoption): Context | Reason {
    const grant = this.#options.owner.readmit(adoption);
    if (!isGrant(grant)) return grant;
    // Which partition's it is was shown by its page. Of which adapter is not for a VF to say.
    const { name: partition, adapter } = this.#options;
    const context = this.#add({ description: { ...adoption.hello.context, partition, adapter }, control: adoption.guestControlFd, grant, transport: null });
    context.adopt(adoption, this.#options.pool?.groups ?? null);
    return context;
  }

  /** Waits for the first line, which says what the connection is for. */
  #accept(socket: Socket): void {
    // Every error is followed by 'close', which is what we act on.
    socket.on('error', () => {});
    const fd = descriptorOf(socket);
    if (this.#isClosing || fd === null) return void socket.destroy();
    guardConnection(fd);
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
    const { name, adapter, owner } = this.#options;
    const grant = owner.admit(this.#contexts.size);
    if (!isGrant(grant)) return refuse(socket, grant);
    const description = { contextId: owner.nextContextId(), partition: name, adapter, guestPid: line.pid, openedMs: Date.now() };
    const context = this.#add({ description, control: socket, grant, transport: line.transport });
    owner.onOpened(context);
    context.open();
  }

  #add({ transport, ...options }: Pick<ConstructorParameters<typeof Context>[0], 'description' | 'control' | 'grant'> & { readonly transport: Transport | null }): Context {
    const { owner } = this.#options;
    const context = new Context({
      ...options,
      onAssigned: (assigned) => owner.onAssigned?.(assigned),
      onReady: (ready) => owner.onReady?.(ready),
      onTurn: (of, line) => owner.onTurn?.(of, line),
      onLatencyClass: (changed) => owner.onLatencyClass?.(changed),
      onEnded: (ended, reason) => this.#forget(ended, reason),
    });
    this.#contexts.set(context, transport);
    return context;
  }

  #attach(socket: Socket, token: string): void {
    // Every context is asked, also after a match: how long this takes tells nothing about a token.
    const expecting = [...this.#contexts].filter(([context]) => context.expects(token));
    const [[context, transport] = [undefined, null]] = expecting;
    if (context === undefined || transport === null) return refuse(socket, { code: 'bad-token', message: 'No context waits for this token.' });
    const { pool } = this.#options;
    if (pool !== null) return context.attach(socket, transport, pool);
    refuse(socket, { code: 'no-adapter', message: 'The adapter is not there.' });
    context.end({ code: 'no-adapter', message: 'The adapter is not there.' });
  }

  #forget(context: Context, reason: Reason): void {
    this.#contexts.delete(context);
    this.#options.owner.onEnded(context, reason);
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#isClosing && this.#contexts.size === 0) this.#onEmpty();
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
