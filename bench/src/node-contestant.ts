import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type EphemeralHost, SOCKET_VARIABLE, startHost } from '@gpup/guest';
import type { Contestant, OpenContestant, ProgramAge } from './contestant.ts';
import type { Provider } from './provider.ts';
import { type Holding, StandingHost } from './standing-host.ts';
import type { WorkerReply } from './worker-protocol.ts';
import { WORKLOADS } from './workloads/index.ts';
import { PROCESS_WORKLOADS } from './workloads/process-workloads.ts';

const WORKER = join(dirname(fileURLToPath(import.meta.url)), 'worker.js');
const REPLY_MS_MAX = 120_000;
/** A host gets ready for its next guest after it has started, and after each guest. */
const HOST_WARM_MS = 1500;

/** A provider in Node: each workload in a process of its own. `environment` holds what Dawn needs to find the adapter. */
export class NodeContestant implements Contestant {
  readonly name: Provider | 'dda';
  readonly #environment: Readonly<Record<string, string>>;
  readonly #age: ProgramAge;
  #warmHost: EphemeralHost | undefined;
  readonly #standingHosts = new Map<Holding, StandingHost>();

  constructor(name: Provider | 'dda', environment: Readonly<Record<string, string>>, age: ProgramAge = 'steady') {
    this.name = name;
    this.#environment = environment;
    this.#age = age;
  }

  reasonAgainst(workloadName: string): string | undefined {
    if (standingOf(workloadName) !== 'partition' || this.name === 'dda' || this.name === 'gpup') return undefined;
    return 'A partition is compared with an adapter that is owned whole.';
  }

  async open(workloadName: string): Promise<OpenContestant> {
    const environment = { ...this.#environment, ...(await this.#hostOf(workloadName)) };
    return WorkerProcess.start([this.name === 'dda' ? 'gpup' : this.name, workloadName, this.#age], environment);
  }

  async close(): Promise<void> {
    await Promise.all([this.#warmHost, ...this.#standingHosts.values()].map((host) => host?.end()));
  }

  async #hostOf(workloadName: string): Promise<Record<string, string>> {
    const standing = standingOf(workloadName);
    if (this.name === 'dda') return this.#standing('dda');
    if (this.name === 'gpup' && standing !== undefined) return this.#standing(standing);
    const wantsHost = PROCESS_WORKLOADS.find((each) => each.name === workloadName)?.host === 'warm';
    if (this.name !== 'gpup' || !wantsHost) return {};
    this.#warmHost ??= await startHost();
    await sleep(HOST_WARM_MS);
    return { [SOCKET_VARIABLE]: this.#warmHost.socketPath };
  }

  async #standing(holding: Holding): Promise<Record<string, string>> {
    const host = this.#standingHosts.get(holding) ?? (await StandingHost.start(holding));
    this.#standingHosts.set(holding, host);
    return { [SOCKET_VARIABLE]: await host.free() };
  }
}

function standingOf(workloadName: string): Holding | undefined {
  return WORKLOADS.find((each) => each.name === workloadName)?.standing;
}

class WorkerProcess implements OpenContestant {
  readonly adapter: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, adapter: string) {
    this.#child = child;
    this.adapter = adapter;
  }

  static async start(args: readonly [Provider, string, ProgramAge], environment: Readonly<Record<string, string>>): Promise<WorkerProcess> {
    const child = spawn(process.execPath, [WORKER, ...args], {
      env: { ...process.env, ...environment },
      // What libraries print is no result.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    try {
      const ready = await nextReply(child);
      if (ready.type !== 'ready') throw new Error('The worker measured before it was asked to.');
      return new WorkerProcess(child, ready.adapter);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  async measure(): Promise<number> {
    const reply = nextReply(this.#child);
    this.#child.send('measure');
    const figure = await reply;
    if (figure.type !== 'figure') throw new Error('The worker has nothing measured.');
    return figure.value;
  }

  /** npm webgpu may neither end by itself nor end well. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

function nextReply(child: ChildProcess): Promise<Exclude<WorkerReply, { type: 'failed' }>> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit).off('error', reject);
      then();
    };
    const onMessage = (reply: WorkerReply): void => settle(() => (reply.type === 'failed' ? reject(new Error(reply.message)) : resolve(reply)));
    const onExit = (code: number | null, signal: string | null): void => settle(() => reject(new Error(`Its process ended (${signal ?? `status ${code}`}).`)));
    const timer = setTimeout(() => settle(() => reject(new Error(`Its process said nothing for ${REPLY_MS_MAX / 1000} s.`))), REPLY_MS_MAX);
    child.on('message', onMessage).on('exit', onExit).on('error', reject);
  });
}
