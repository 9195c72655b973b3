import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EphemeralHost, startHost } from '@gpup/guest';
import type { DemoOptions } from './arguments.ts';
import { GuestProgram } from './guest-program.ts';
import { IsolationWatch } from './isolation.ts';
import { lossCurve } from './loss-curve.ts';
import { isRunning } from './processes.ts';
import { progressView } from './progress.ts';
import { type Check, type Report, checkOf, everythingHolds, reportJson, reportText } from './report.ts';
import { mebibytes, paletteFor } from './text.ts';

const SUCCESS = 0;
const FAILURE = 1;
/** As shells have it: 128 and the signal's number. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Each guest's budget of video memory: more than any of the three needs, and an end for the one that hoards. */
const VRAM_BYTES = 512 * 2 ** 20;
const LOOK_MS = 400;
const PICTURES = { scene: 'scene.png', nbody: 'nbody.png', loss: 'loss.svg' } as const;
const WIDTH_MAX = 150;
const WIDTH_WITHOUT_TERMINAL = 120;
/** From the end of the host process to the end of everything that it had started. */
const LEFTOVER_MS_MAX = 2_000;

const GUESTS = fileURLToPath(new URL('../guests/', import.meta.url));
const HOSTILE_PROGRAM = fileURLToPath(new URL('./hostile/main.js', import.meta.url));

/**
 * One run. All guests are served by the same host process, as they would be on a machine that is shared: so
 * what one of them breaks there, the others would feel.
 */
export class DemoRun {
  readonly #options: DemoOptions;
  readonly #out: string;
  readonly #guests: GuestProgram[] = [];
  /** The other guests that had work left when the hostile one was done. */
  #workingUnderAttackCount = 0;
  #interruptedBy: keyof typeof SIGNALS | null = null;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#out = resolve(options.out);
  }

  async run(): Promise<number> {
    const beganMs = performance.now();
    mkdirSync(this.#out, { recursive: true });
    for (const name of Object.values(PICTURES)) rmSync(join(this.#out, name), { force: true });
    this.#endOnSignals();
    const host = await startHost({ vramBytes: VRAM_BYTES });
    const watch = new IsolationWatch(host.pid, () => this.#guests.filter((guest) => guest.isRunning));
    try {
      await this.#runGuests(host, watch);
    } finally {
      watch.stop();
      await host.end();
    }
    if (this.#interruptedBy !== null) return this.#interrupted(this.#interruptedBy);
    const report: Report = {
      adapter: host.adapterKind,
      seconds: (performance.now() - beganMs) / 1000,
      guests: this.#guests.map((guest) => ({ guest, memory: watch.memory.get(guest.name) ?? null })),
      checks: [...this.#checks(watch), await this.#nothingLeft(host, watch)],
      pictures: this.#pictures(),
    };
    this.#publish(report);
    return everythingHolds(report) ? SUCCESS : FAILURE;
  }

  async #runGuests(host: EphemeralHost, watch: IsolationWatch): Promise<void> {
    const stream = this.#options.json ? process.stderr : process.stdout;
    stream.write(`One host process (pid ${host.pid}, ${host.adapterKind} GPU), four guests, ${mebibytes(VRAM_BYTES)} of video memory for each.\n\n`);
    const view = progressView(stream, () => this.#guests);
    const start = (name: string, program: string, args: readonly string[]): void => {
      if (this.#interruptedBy !== null) return;
      const onChange: typeof view.changed = (guest, event) => view.changed(guest, event);
      this.#guests.push(new GuestProgram({ name, program, args, socketPath: host.socketPath, onChange }));
    };
    try {
      for (const { name, program, args } of this.#ordinaryGuests()) start(name, program, args);
      const ordinary = [...this.#guests];
      watch.start(LOOK_MS);
      // The attacks come while the others work.
      while (ordinary.some((guest) => guest.isRunning && !watch.partitioned.has(guest.name))) await aWhile(LOOK_MS);
      start('hostile', HOSTILE_PROGRAM, []);
      await this.#guests.find(({ name }) => name === 'hostile')?.ended;
      this.#workingUnderAttackCount = ordinary.filter((guest) => guest.isRunning).length;
      await Promise.all(this.#guests.map((guest) => guest.ended));
    } finally {
      view.close();
    }
  }

  #ordinaryGuests(): readonly { readonly name: string; readonly program: string; readonly args: readonly string[] }[] {
    const { quick } = this.#options;
    const scenePath = join(this.#out, PICTURES.scene);
    const nbodyPath = join(this.#out, PICTURES.nbody);
    return [
      { name: 'train', program: `${GUESTS}train.mjs`, args: ['--steps', quick ? '20' : '60'] },
      { name: 'scene', program: `${GUESTS}scene.mjs`, args: [...(quick ? ['--frames', '1', '--width', '480', '--height', '270'] : []), '--out', scenePath] },
      { name: 'n-body', program: `${GUESTS}nbody.mjs`, args: [...(quick ? ['--steps', '20', '--size', '360'] : []), '--out', nbodyPath] },
    ];
  }

  #checks(watch: IsolationWatch): readonly Check[] {
    const others = this.#guests.filter(({ name }) => name !== 'hostile');
    const hostile = this.#guests.find(({ name }) => name === 'hostile');
    const unharmed = others.filter((guest) => guest.succeeded);
    return [
      checkOf('No guest process maps Dawn, a Vulkan loader or a GPU driver', watch.guestDrivers),
      checkOf(`The VF processes do: ${watch.driverNames.join(', ')}`, watch.vfDrivers),
      checkOf('The host process maps none of them, and nothing that a guest can write', watch.hostMemory),
      checkOf('What a guest shares, it shares with one VF and no other guest', watch.apertures),
      {
        claim: 'Every attack was refused, or ended the context that it came from',
        holds: hostile?.succeeded === true,
        evidence: hostile?.failure ?? `${hostile?.attacks.length ?? 0} attacks`,
      },
      {
        claim: 'The other guests were not harmed',
        holds: unharmed.length === others.length,
        evidence: `${unharmed.length} of ${others.length}; ${this.#workingUnderAttackCount} were still at work when the last attack was over`,
      },
    ];
  }

  /** The host process has been told to end, and to take along all that was its own. */
  async #nothingLeft(host: EphemeralHost, watch: IsolationWatch): Promise<Check> {
    const pids = [host.pid, ...watch.hostChildPids, ...this.#guests.map((guest) => guest.pid)];
    const deadlineMs = performance.now() + LEFTOVER_MS_MAX;
    while (pids.some(isRunning) && performance.now() < deadlineMs) await aWhile(10);
    const left = [...pids.filter(isRunning).map((pid) => `process ${pid}`), ...[dirname(host.socketPath)].filter(existsSync)];
    return {
      claim: 'Nothing is left of the host: no process, no socket',
      holds: left.length === 0,
      evidence: left.length === 0 ? `${pids.length} processes` : left.join(', '),
    };
  }

  #pictures(): readonly string[] {
    const train = this.#guests.find(({ name }) => name === 'train');
    if (train !== undefined && train.losses.length > 0) {
      writeFileSync(join(this.#out, PICTURES.loss), lossCurve(train.losses, train.result?.work ?? 'training'));
    }
    return Object.values(PICTURES).map((name) => join(this.#out, name)).filter(existsSync);
  }

  #publish(report: Report): void {
    const { stdout } = process;
    if (this.#options.json) {
      stdout.write(`${JSON.stringify(reportJson(report), null, 2)}\n`);
      return;
    }
    const width = Math.min(stdout.columns ?? WIDTH_WITHOUT_TERMINAL, WIDTH_MAX);
    stdout.write(reportText(report, { width, palette: paletteFor(stdout, process.env) }));
  }

  #interrupted(signal: keyof typeof SIGNALS): number {
    process.stderr.write(`\ndemo: interrupted (${signal}); the guests and the host process have ended.\n`);
    return SIGNALS[signal];
  }

  /** The guests end, so their contexts do, so the run does. */
  #endOnSignals(): void {
    for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
      process.on(signal, () => {
        this.#interruptedBy ??= signal;
        for (const guest of this.#guests) guest.end();
      });
    }
  }
}

function aWhile(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
