import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAEMON_MAIN_PATH } from '@gpup/daemon';
import { DaemonLife } from 'gpup/testing';
import type { Findings } from '../findings.ts';

export interface DaemonKeeperOptions {
  readonly directory: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly findings: Findings;
}

/** Lives of the real daemon, one after the other, in directories of their own. */
export class DaemonKeeper {
  readonly runtime: string;
  readonly state: string;
  readonly configPath: string;
  readonly #findings: Findings;
  #life: DaemonLife | undefined;
  #isUp = false;
  /** Rises whenever a daemon stops serving: who sees it change was cut off. */
  interruptions = 0;
  lifeCount = 0;

  constructor({ directory, config, findings }: DaemonKeeperOptions) {
    this.runtime = join(directory, 'run');
    this.state = join(directory, 'state');
    this.configPath = join(directory, 'host.json');
    this.#findings = findings;
    writeFileSync(this.configPath, JSON.stringify({ ...config, runtimeDirectory: this.runtime, stateDirectory: this.state }));
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get pid(): number {
    return this.#life?.child.pid as number;
  }

  get apiSocketPath(): string {
    return join(this.runtime, 'api.sock');
  }

  async start(): Promise<void> {
    const life = this.begin();
    const line = await life.ready;
    if (line.type === 'error') throw new Error(`The daemon does not start: ${line.message}`);
    this.#isUp = true;
    this.lifeCount += 1;
    void life.ended.then((how) => {
      if (this.#isUp && this.#life === life) this.#findings.violate('daemon-lives', `The daemon (process ${life.child.pid}) has ended by itself (${how}). ${life.errors}`);
    });
  }

  /** A life that is not going to get so far, perhaps: frozen at a step, or killed by the caller. */
  begin(freezeAt?: string): DaemonLife {
    this.#life = new DaemonLife({ program: DAEMON_MAIN_PATH, configPath: this.configPath, runtimeDirectory: this.runtime, freezeAt });
    return this.#life;
  }

  async kill(): Promise<void> {
    this.#goDown();
    await this.#life?.kill();
  }

  /** SIGTERM leaves guests to the next one, SIGUSR2 ends them. */
  async stop(signal: 'SIGTERM' | 'SIGUSR2'): Promise<void> {
    this.#goDown();
    this.#life?.child.kill(signal);
    const how = await this.#life?.ended;
    if (how !== 0) this.#findings.violate('daemon-ends', `The daemon that was told to end (${signal}) has ended with ${how}. ${this.#life?.errors}`);
  }

  /** However it is. */
  async close(): Promise<void> {
    this.#goDown();
    this.#life?.child.kill('SIGKILL');
    await this.#life?.ended;
  }

  #goDown(): void {
    this.#isUp = false;
    this.interruptions += 1;
  }
}
