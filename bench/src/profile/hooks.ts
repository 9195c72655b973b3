import { type Server, type Socket, createServer } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { HookCommand, HookReply, Role } from './protocol.ts';

type Ended = Extract<HookReply, { type: 'ended' }>;

/** One profiled process. */
export interface Hook {
  readonly role: Role;
  readonly pid: number;
  begin(): Promise<void>;
  /** Writes the profile to `file`. */
  end(file: string): Promise<Ended>;
}

/** The tool's end of the hooks' connections. */
export class Hooks {
  readonly #server: Server = createServer((socket) => void this.#accept(socket));
  readonly #hooks = new Set<Hook>();

  get all(): readonly Hook[] {
    return [...this.#hooks];
  }

  async listen(socketPath: string): Promise<void> {
    this.#server.listen(socketPath);
    await once(this.#server, 'listening');
  }

  close(): void {
    this.#server.close();
  }

  #accept(socket: Socket): void {
    let waiting: (reply: HookReply) => void = () => {};
    const ask = (command: HookCommand): Promise<HookReply> =>
      new Promise((resolve, reject) => {
        waiting = resolve;
        socket.once('close', () => reject(new Error('A profiled process ended before its profile was written.')));
        socket.write(`${JSON.stringify(command)}\n`);
      });
    let hook: Hook | undefined;
    socket.on('error', () => {});
    socket.on('close', () => {
      if (hook !== undefined) this.#hooks.delete(hook);
    });
    createInterface(socket).on('line', (text) => {
      const reply = JSON.parse(text) as HookReply;
      if (reply.type !== 'hello') return waiting(reply);
      const { role, pid } = reply;
      hook = { role, pid, begin: async () => void (await ask({ type: 'begin' })), end: async (file) => (await ask({ type: 'end', file })) as Ended };
      this.#hooks.add(hook);
    });
  }
}
