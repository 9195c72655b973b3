import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '@gpup/api/client';
import type { ContextView, PartitionView } from '@gpup/pf/actions';
import type { Findings } from '../findings.ts';
import { SOAK_LIMITS } from '../limits.ts';
import { MemoryRecord } from '../report/memory-record.ts';
import { type DescriptorCounts, descriptorsOf } from '../seen/descriptors.ts';
import { HostLog } from '../seen/host-log.ts';
import { type Observation, type Views, observe, viewsOf } from '../seen/observation.ts';
import { processesOf } from '../seen/process-table.ts';
import { Background } from './background.ts';
import { DaemonKeeper } from './daemon-keeper.ts';
import type { GuestOptions, GuestProcess } from './guest-process.ts';
import { Guests } from './guests.ts';
import { type Answer, Operator } from './operator.ts';
import { PartitionLedger } from './partition-ledger.ts';
import { ADAPTERS, type Place, isWhole, socketOf } from './place.ts';
import { REASONS } from './reasons.ts';
import { SETTLING, settled } from './settled.ts';
import { takeoverComplaints } from './takeover.ts';

export interface SceneOptions {
  readonly findings: Findings;
  /** What is being waited for, for people. */
  readonly onProgress: (text: string) => void;
  readonly tdr: { readonly delayMs: number; readonly ddiDelayMs: number };
}

const POOL_SIZE = 1;
/** One timeout more than so many blocks a partition. */
const TDR_LIMIT_COUNT = 1;
const TDR_LIMIT_TIME_MS = 3_600_000;
/** With fewer contexts than this a partition may be full. */
const CONTEXTS_SCARCE = 8;

/** A real host, and all that is done to it: its lives, its partitions as they must be, its guests. */
export class Scene {
  readonly directory = mkdtempSync(join(tmpdir(), 'gpup-soak-'));
  readonly findings: Findings;
  readonly onProgress: SceneOptions['onProgress'];
  readonly keeper: DaemonKeeper;
  readonly ledger = new PartitionLedger();
  readonly guests: Guests;
  readonly background: Background;
  readonly log: HostLog;
  /** Of VFs that were killed by us. */
  readonly killedVfPids = new Set<number>();
  /** Rises with each thing that may end, from outside, what goes on in the background. */
  disturbances = 0;
  /** What was seen last at rest. */
  latest: Observation | null = null;
  readonly memory = new MemoryRecord();
  readonly #operator: Operator;
  /** Where work was made that never ends: too much of it blocks a partition. */
  readonly #hungPlaces = new Set<Place>();
  #baseDescriptors: DescriptorCounts = {};

  constructor({ findings, onProgress, tdr }: SceneOptions) {
    this.findings = findings;
    this.onProgress = onProgress;
    const config = {
      adapter: 'software', softwareAdapters: ADAPTERS.length, defaultPartition: false, pool: POOL_SIZE,
      tdr: { software: tdr, limitCount: TDR_LIMIT_COUNT, limitTimeMs: TDR_LIMIT_TIME_MS },
    };
    this.keeper = new DaemonKeeper({ directory: this.directory, config, findings });
    this.#operator = new Operator(this.keeper, findings);
    this.guests = new Guests(findings);
    this.background = new Background(findings);
    this.log = new HostLog(join(this.keeper.state, 'host.log'));
  }

  async open(): Promise<void> {
    await this.keeper.start();
    this.#baseDescriptors = await descriptorsAtRest(this.keeper.pid);
  }

  get host(): Host {
    return this.#operator.host;
  }

  ask<T>(run: (host: Host) => Promise<T>): Promise<Answer<T>> {
    return this.#operator.ask(run);
  }

  /** Of one daemon. Null: there is none to say, or not the same one all the time. */
  async views(): Promise<Views | null> {
    const { interruptions } = this.keeper;
    const answer = await this.ask(viewsOf);
    return answer.kind === 'done' && this.keeper.interruptions === interruptions ? answer.value : null;
  }

  socketOf(place: Place): string {
    return socketOf(this.keeper.runtime, place);
  }

  startGuest(options: Omit<GuestOptions, 'socketPath'>): GuestProcess {
    const { place } = options;
    const guest = this.guests.start({ ...options, socketPath: this.socketOf(place) });
    if (!this.keeper.isUp || this.ledger.mayBeMissing(place)) guest.allow(REASONS.noHost);
    if (this.#hungPlaces.has(place)) guest.allow(REASONS.blocked);
    if (isWhole(place) || this.ledger.contextsMaxOf(place) < CONTEXTS_SCARCE) guest.allow(REASONS.full);
    return guest;
  }

  /** Undefined: it has none, or nobody is there to say. */
  async contextOf(guest: GuestProcess): Promise<ContextView | undefined> {
    const answer = await this.ask((host) => host.contexts());
    return answer.kind === 'done' ? answer.value.find(({ guestPid }) => guestPid === guest.pid) : undefined;
  }

  allowIn(place: Place, ...reasons: readonly RegExp[]): void {
    for (const guest of this.guests.in(place)) guest.allow(...reasons);
  }

  /** From now on guests there, and those that come, may be told that the partition is blocked. */
  expectBlock(place: Place): void {
    this.#hungPlaces.add(place);
    this.allowIn(place, REASONS.blocked);
  }

  /** The partition is gone, or unblocked. */
  forgetHangs(place: Place): void {
    this.#hungPlaces.delete(place);
  }

  /** Before a daemon ends: guests that are just connecting may be told so, or find nobody. */
  expectInterruption(): void {
    this.disturbances += 1;
    for (const guest of this.guests.all) if (guest.state === 'starting') guest.allow(REASONS.noHost);
  }

  /**
   * Changes a partition. `refusals`: what the host may say to that. What is cut off is done or not, and so is what others
   * do meanwhile.
   */
  async change(name: string, run: (host: Host) => Promise<PartitionView | undefined>, refusals: readonly string[]): Promise<Answer<PartitionView | undefined>> {
    const before = this.ledger.doubt(name);
    const answer = await this.ask(run);
    this.findings.count(`operations.${answer.kind === 'refused' ? answer.code : answer.kind}`);
    if (answer.kind === 'refused') {
      this.ledger.restore(name, before);
      if (!refusals.includes(answer.code)) this.findings.violate('operations', `What was asked of "${name}" is refused: ${answer.code}: ${answer.message}`);
    }
    if (answer.kind === 'done' && answer.value === undefined) this.ledger.forget(name);
    if (answer.kind === 'done' && answer.value !== undefined) this.ledger.note(answer.value);
    return answer;
  }

  /** After a daemon has started: it has the partitions of the one before, and the contexts of guests that have gone on. */
  async checkTakeover(before: readonly ContextView[]): Promise<void> {
    const survivors = this.guests.running;
    const complaints = await settled(async () => {
      const views = await this.views();
      if (views === null) return [];
      this.ledger.settle(views.partitions);
      const livingPids = survivors.filter(({ state }) => state === 'running').map(({ pid }) => pid);
      return [...this.ledger.complaints(views.partitions), ...takeoverComplaints(before, views.contexts, livingPids)];
    }, SETTLING);
    for (const message of complaints) this.findings.violate('takeover', message);
    this.findings.count('daemon.lives');
    this.findings.count('daemon.guests that saw the next one', survivors.length);
  }

  /** All that can be seen at this moment, with guests that stand still. */
  async observe(guests: Observation['guests']): Promise<Observation> {
    const { directory, keeper: { pid: daemonPid, runtime: runtimeDirectory } } = this;
    const rest = { guests, poolSize: POOL_SIZE, baseDescriptors: this.#baseDescriptors };
    return observe({ host: this.host, directory, daemonPid, runtimeDirectory }, rest);
  }

  async close(options: { readonly keepFiles: boolean }): Promise<void> {
    this.guests.kill();
    await this.keeper.close();
    const left = (): number[] => processesOf(this.directory, this.keeper.pid).map(({ pid }) => pid);
    await settled(async () => left().filter(killed), SETTLING);
    if (!options.keepFiles) rmSync(this.directory, { recursive: true, force: true });
  }
}

/** What the daemon's start has opened for a while is closed by then. */
async function descriptorsAtRest(pid: number): Promise<DescriptorCounts> {
  let found = descriptorsOf(pid);
  for (let sameCount = 0; sameCount < REST_LOOKS; sameCount++) {
    await sleep(SOAK_LIMITS.settleLookMs);
    const now = descriptorsOf(pid);
    if (JSON.stringify(now) !== JSON.stringify(found)) sameCount = 0;
    found = now;
  }
  return found;
}
const REST_LOOKS = 8;


/** False: it was gone already. */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
