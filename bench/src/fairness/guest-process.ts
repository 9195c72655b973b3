import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SOCKET_VARIABLE } from '@gpup/guest';
import type { GuestPlan, GuestReply, Window, WindowFigures } from './guest-plan.ts';

const GUEST = fileURLToPath(new URL('./guest.js', import.meta.url));
/** Beyond the end of a window: what is queued has to finish, and is checked, on whatever share the guest has. */
const REPLY_MS_MAX = 120_000;

/** The bench's end of a guest's process. */
export class GuestProcess {
  readonly name: string;
  readonly adapter: string;
  readonly #child: ChildProcess;

  private constructor(name: string, { child, adapter }: { readonly child: ChildProcess; readonly adapter: string }) {
    this.name = name;
    this.#child = child;
    this.adapter = adapter;
  }

  /** Resolves when all of its contexts are open, and have done their first work. */
  static async start(name: string, { socketPath, plan }: { readonly socketPath: string; readonly plan: GuestPlan }): Promise<GuestProcess> {
    const child = spawn(process.execPath, [GUEST, JSON.stringify(plan)], {
      env: { ...process.env, [SOCKET_VARIABLE]: socketPath },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    try {
      const ready = await nextReply(name, child, REPLY_MS_MAX);
      if (ready.type !== 'ready') throw new Error(`Guest ${name} has figures before it was given a window.`);
      return new GuestProcess(name, { child, adapter: ready.adapter });
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Resolves after the window's end, when its work is checked. */
  async work(window: Window): Promise<WindowFigures> {
    const reply = nextReply(this.name, this.#child, (window.toUs - window.startUs) / 1000 + REPLY_MS_MAX);
    this.#child.send(window);
    const figures = await reply;
    if (figures.type !== 'figures') throw new Error(`Guest ${this.name} has no figures.`);
    return figures.figures;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

function nextReply(name: string, child: ChildProcess, withinMs: number): Promise<Exclude<GuestReply, { type: 'failed' }>> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit).off('error', reject);
      then();
    };
    const fail = (why: string): void => settle(() => reject(new Error(`Guest ${name}: ${why}`)));
    const onMessage = (reply: GuestReply): void => (reply.type === 'failed' ? fail(reply.message) : settle(() => resolve(reply)));
    const onExit = (code: number | null, signal: string | null): void => fail(`Its process ended (${signal ?? `status ${code}`}).`);
    const timer = setTimeout(() => fail(`Its process said nothing for ${withinMs / 1000} s.`), withinMs);
    child.on('message', onMessage).on('exit', onExit).on('error', reject);
  });
}
