import type { HostConfig } from '@gpup/pf/host-config';
import { PF_LIMITS, WIRE_PROTOCOL } from '@gpup/pf';
import type { Change } from '@gpup/pf/access';
import { Refusal, type VfGroups, WIRE_FEATURE_LEVEL, limitVfLog, takeOverVfs, vfFiles } from '@gpup/pf/core';
import { type Definitions, type PartitionDefinition, loadDefinitions, partitionOf, saveDefinitions, saveTable, startTable } from '@gpup/pf/partitions';
import { step } from '@gpup/os/step';
import type { IsolationView } from '@gpup/pf/actions';
import type { GroupTree } from '@gpup/sandbox/cgroup';
import { missingText } from '@gpup/sandbox/measures';
import { Access } from './access.ts';
import { findAdapters } from './adapters.ts';
import type { ApiServer, CreateApiServer } from './api-server.ts';
import { type Directories, directoriesIn } from './directories.ts';
import { AuditLog } from './audit/audit-log.ts';
import { HostActions } from './host-actions.ts';
import { HostCore } from './host-core.ts';
import { DAEMON_LIMITS } from './limits.ts';
import type { Log } from './log.ts';
import { isolate } from './isolation.ts';
import { Meter } from './metering/meter.ts';
import { loadUsage, saveUsage } from './metering/usage-file.ts';
import { daemonStep } from './steps.ts';
import { TdrWatch } from './tdr-watch.ts';
import { readToken } from './token.ts';
import { TokenStore } from './tokens/token-store.ts';
import { loadTokens, saveTokens } from './tokens/tokens-file.ts';

export interface DaemonOptions {
  readonly config: HostConfig;
  readonly createApi: CreateApiServer;
  readonly log: Log;
  readonly version: string;
}

/** A daemon that has everything that is another's to lose: call `start` with the lock in hand. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #directories: Directories;
  #core: HostCore | undefined;
  #meter: Meter | undefined;
  #api: ApiServer | undefined;
  #groups: GroupTree | null = null;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#directories = directoriesIn(options.config);
  }

  get adoptedCount(): number {
    return this.#core?.adoptedCount ?? 0;
  }

  /** Each step is one that a kill may follow: guests go on through all of them, and the next daemon begins anew. */
  async start(): Promise<void> {
    const { config, log } = this.#options;
    const startedMs = Date.now();
    const { adapters, reasons, isolation: ofVfs } = await findAdapters(config);
    if (adapters.length === 0) throw new Refusal('no-adapter', `No GPU found. ${reasons.join(' ')}`);
    daemonStep('daemon.adapters-probed');
    const isolation = isolate(config, ofVfs);
    this.#groups = isolation.tree;
    warnOf(isolation.view, log);
    const { definitionsPath, vfs } = this.#directories;
    const definitions = loadDefinitions(definitionsPath);
    const tokens = this.#openTokens();
    const meter = this.#openMeter();
    const audit = this.#openAudit();
    const table = startTable({ definitions, adapters, defaultPartition: config.defaultPartition, nowMs: startedMs });
    daemonStep('daemon.definitions-read');
    const save = (next: Definitions): void => saveDefinitions(definitionsPath, next, step);
    // Before anybody has a context in the partition that is new: the next daemon has to know it.
    if (definitions === null && table.partitions.length > 0) {
      save(saveTable(table));
      for (const { definition } of table.partitions) audit.note(ownDoing('createPartition', definition, {}));
    }
    const core = new HostCore({
      config, adapters, log,
      directories: this.#directories,
      table,
      save,
      groups: groupsOf(isolation.tree, config),
      nowMs: Date.now,
      meter,
    });
    this.#core = core;
    daemonStep('daemon.adopting');
    const { hardware, software } = config.tdr;
    await takeOverVfs(vfs, { answerMsMax: Math.max(hardware.ddiDelayMs, software.ddiDelayMs), onAdoption: (adoption) => core.adopt(adoption) });
    daemonStep('daemon.adopted');
    await core.open();
    const tdr = new TdrWatch({ core, limits: config.tdr, nowMs: Date.now, onBlocked: (name, reason) => audit.note(ownDoing('blockPartition', partitionOf(core.table, name).definition, { reason })) });
    const identity = { version: this.#options.version, protocol: WIRE_PROTOCOL, featureLevel: WIRE_FEATURE_LEVEL, isolation: isolation.view };
    const actions = new HostActions({ core, tdr, tokens, meter, audit, directories: this.#directories, identity, startedMs, nowMs: Date.now });
    daemonStep('daemon.partitions-listening');
    this.#api = await this.#openApi(actions, new Access({ core, tokens, audit }));
    daemonStep('daemon.api-listening');
    this.#watch({ core, tdr, tokens, meter });
    log.info('The host is ready.', { pid: process.pid, adopted: core.adoptedCount });
  }

  /** Guests go on without a daemon, or end with this one. Resolves when it may end, at the latest after a while. */
  async stop(guests: 'leave' | 'end'): Promise<void> {
    daemonStep('daemon.stopping');
    for (const timer of this.#timers) clearInterval(timer);
    this.#core?.meter();
    this.#meter?.saveIfChanged();
    const reason = { code: 'host-closing', message: 'The host ends.' };
    const work = [this.#api?.close(), guests === 'leave' ? this.#core?.leave(reason) : this.#core?.end(reason)];
    await Promise.race([Promise.all(work), new Promise((resolve) => setTimeout(resolve, DAEMON_LIMITS.stopMsMax))]);
    // Those of guests that go on are not empty, and stay.
    this.#groups?.close();
    daemonStep('daemon.stopped');
  }

  async #openApi(actions: HostActions, access: Access): Promise<ApiServer> {
    const { config: { listen }, createApi, log } = this.#options;
    const api = createApi({
      actions,
      access,
      ...(listen === null || listen.tokenFile === null ? {} : { token: readToken(listen.tokenFile) }),
      onFault: (error) => log.error(`A request has failed through a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    });
    await api.listenOnSocket(this.#directories.apiSocketPath);
    if (listen !== null) {
      const { host, port } = await api.listenOnTcp(listen);
      log.info('The API listens on TCP.', { host, port });
    }
    return api;
  }

  #openTokens(): TokenStore {
    const { tokensPath } = this.#directories;
    return new TokenStore({ saved: loadTokens(tokensPath), save: (next) => saveTokens(tokensPath, next), nowMs: Date.now, uptimeMs: () => performance.now() });
  }

  #openMeter(): Meter {
    const { usagePath } = this.#directories;
    const { log } = this.#options;
    this.#meter = new Meter({ saved: loadUsage(usagePath), save: (next) => saveUsage(usagePath, next), nowMs: Date.now, onFault: (message) => log.error(message) });
    return this.#meter;
  }

  #openAudit(): AuditLog {
    const { auditFileBytesMax, auditFilesMax, auditEntriesMax, auditTailBytesMax } = DAEMON_LIMITS;
    const limits = { fileBytesMax: auditFileBytesMax, filesMax: auditFilesMax, entriesMax: auditEntriesMax, tailBytesMax: auditTailBytesMax };
    return new AuditLog({ path: this.#directories.auditPath, limits, nowMs: Date.now, onFault: (message) => this.#options.log.error(message) });
  }

  #watch({ core, tdr, tokens, meter }: { readonly core: HostCore; readonly tdr: TdrWatch; readonly tokens: TokenStore; readonly meter: Meter }): void {
    // After the input of this turn: answers that have come while this process was stopped count.
    const look = (): void => {
      for (const tenancy of core.tenancies) tenancy.checkPage();
      tdr.look();
      core.settle();
    };
    this.#timers.push(setInterval(() => setImmediate(look), DAEMON_LIMITS.watchMs));
    this.#timers.push(setInterval(() => core.meter(), DAEMON_LIMITS.meterMs));
    const chores = (): void => {
      this.#limitLogs(core);
      meter.tick();
      keepTime(tokens, this.#options.log);
    };
    this.#timers.push(setInterval(chores, DAEMON_LIMITS.choresMs));
  }

  #limitLogs(core: HostCore): void {
    for (const { context } of core.contexts) {
      if (context.vf !== undefined) limitVfLog(vfFiles(this.#directories.vfs, context.vf.id), PF_LIMITS.vfLogBytesMax);
    }
  }
}

/** What is not kept now is tried again. */
function keepTime(tokens: TokenStore, log: Log): void {
  try {
    tokens.keepTime();
  } catch (error) {
    log.error(`The tokens cannot be saved: ${(error as Error).message}.`);
  }
}

function groupsOf(tree: GroupTree | null, { vfProcessorPercentMax, isolation }: HostConfig): VfGroups | null {
  if (tree === null) return null;
  return { tree, processorsMax: vfProcessorPercentMax === null ? null : vfProcessorPercentMax / 100, areRequired: isolation === 'require' };
}

/** What nobody has asked for. */
function ownDoing(operation: string, { name, tenant }: PartitionDefinition, asked: object): Change {
  return { by: 'host', tenant, token: null, peer: 'host', operation, target: name, asked: JSON.stringify(asked) };
}

/** Once, and where it is not what somebody has chosen. */
function warnOf({ mode, measures }: IsolationView, log: Log): void {
  const lacking = missingText(measures);
  if (mode === 'off') log.warning('VF processes are not isolated: a guest that takes its VF over has the rights of this user.');
  else if (lacking !== '') log.warning(`VF processes are not isolated in every way; missing: ${lacking}.`);
}
