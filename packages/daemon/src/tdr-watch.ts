import { monotonicUs } from '@gpup/os';
import type { Context } from '@gpup/pf/core';
import type { TdrConfig } from '@gpup/pf/host-config';
import { blockPartition, blockedRefusal } from '@gpup/pf/partitions';
import { NO_TDRS, type TdrLimits, type TdrTimes, type TimedOut, blockedReason, countTdr, judge, tdrMessage } from '@gpup/pf/tdr';
import type { SlotView } from '@gpup/vidmm';
import { ContextWatch } from './context-watch.ts';
import type { HostCore } from './host-core.ts';
import type { Tenancy } from './tenancy.ts';

export interface TdrWatchOptions {
  readonly core: HostCore;
  readonly limits: TdrConfig;
  readonly nowMs: () => number;
  /** Nobody has asked for it: for the audit log. */
  readonly onBlocked: (partition: string, reason: string) => void;
}

/** Looks at VFs: whose work takes too long, or who does not answer, costs its context the VF; too many of them block their partition. */
export class TdrWatch {
  readonly #options: TdrWatchOptions;
  readonly #watches = new WeakMap<Context, ContextWatch>();
  /** By partition. They are this daemon's: the next one counts anew. */
  readonly #times = new Map<string, TdrTimes>();

  constructor(options: TdrWatchOptions) {
    this.#options = options;
  }

  /** The partition's next timeout is the first one that counts. */
  forgive(partition: string): void {
    this.#times.delete(partition);
  }

  /** A few times a second. What VFs have answered until now has been read. */
  look(): void {
    for (const { context, beyondUs } of this.#options.core.scheduling.look((of) => this.#beyondUsMax(of))) this.#overran(context, beyondUs);
    for (const { context, tenancy } of this.#options.core.contexts) {
      if (context.state !== 'ready' || context.vf === undefined) continue;
      this.#judge(context, tenancy);
      context.vf?.ping();
    }
  }

  #judge(context: Context, tenancy: Tenancy): void {
    const nowMs = monotonicUs() / 1000;
    const slot = this.#options.core.slotOf(context);
    const { pingedMs = null, answeredMs = 0 } = context.vf ?? {};
    const observation = this.#watchOf(context).observe({ slot, pingedMs, answeredMs }, nowMs);
    const verdict = judge(observation, this.#limitsOf(tenancy.adapter), nowMs);
    if (verdict.kind === 'tdr') this.#end(context, tenancy, verdict, slot);
  }

  /** As many submits may be unfinished at the end of a turn as its VF says, each as long as a submit may be: up to so many. */
  #beyondUsMax(context: Context): number {
    const { submitCount = 0, completedCount = 0 } = this.#options.core.slotOf(context) ?? {};
    const unfinishedCount = Math.min(Math.max(1, submitCount - completedCount), OVERRUN_SUBMITS_MAX);
    return this.#limitsOf(context.description.adapter).delayMs * unfinishedCount * 1000;
  }

  /** One that is ended already has its reason; its process may take a while to go, above all in a driver. */
  #overran(context: Context, beyondUs: number): void {
    if (context.state === 'ended') return;
    const tenancy = this.#options.core.partition(context.description.partition);
    const slot = this.#options.core.slotOf(context);
    this.#end(context, tenancy, { kind: 'tdr', why: 'turn', waitedMs: beyondUs / 1000, limitMs: this.#beyondUsMax(context) / 1000 }, slot);
  }

  #watchOf(context: Context): ContextWatch {
    const watch = this.#watches.get(context) ?? new ContextWatch();
    this.#watches.set(context, watch);
    return watch;
  }

  #limitsOf(adapter: string): TdrLimits {
    return this.#options.limits[this.#options.core.adapters.find(({ id }) => id === adapter)?.choice.kind ?? 'software'];
  }

  #end(context: Context, tenancy: Tenancy, verdict: TimedOut, slot: SlotView | undefined): void {
    const { core } = this.#options;
    const message = tdrMessage({ ...verdict, waitedMs: Math.round(verdict.waitedMs) });
    const guiltyDevice = slot === undefined ? 0 : guiltyDeviceOf(verdict, slot);
    core.log.warning(`A context is timed out: ${message}`, { context: context.id, partition: tenancy.name, why: verdict.why });
    context.end({ code: 'tdr', message }, guiltyDevice === 0 ? {} : { guiltyDevice });
    tenancy.page?.countTdr();
    core.events.tell({ type: 'tdr', partition: tenancy.name, context: context.id, code: `tdr-${verdict.why}`, message });
    // An adapter that is owned whole has no partition to block: its owner harms nobody else.
    if (tenancy.name !== '') this.#count(tenancy);
  }

  #count(tenancy: Tenancy): void {
    const { core, limits, nowMs } = this.#options;
    const { name } = tenancy;
    const { times, blocks } = countTdr(this.#times.get(name) ?? NO_TDRS, monotonicUs() / 1000, limits);
    this.#times.set(name, times);
    if (!blocks) return;
    const reason = blockedReason(limits);
    core.log.warning(`The partition "${name}" is blocked: ${reason}`, { partition: name });
    core.impose(blockPartition(core.table, name, { reason, nowMs: nowMs() }));
    this.#options.onBlocked(name, reason);
    const { code, message } = blockedRefusal(name, reason);
    for (const context of tenancy.contexts) context.end({ code, message });
  }
}

/** A VF that lies holds the adapter no longer than so many submits may take. */
const OVERRUN_SUBMITS_MAX = 8;

/** 0: it is not known. */
function guiltyDeviceOf({ why }: TimedOut, { guiltyDevice, compileDevice }: SlotView): number {
  switch (why) {
    case 'submit':
    case 'turn':
      return guiltyDevice;
    case 'compile':
    case 'thread':
      return compileDevice;
    case 'ping':
      return 0;
  }
}
