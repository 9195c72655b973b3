import { monotonicUs } from '@gpup/os';
import type { Context } from '@gpup/pf/core';
import type { TdrConfig } from '@gpup/pf/host-config';
import { blockPartition } from '@gpup/pf/partitions';
import { NO_TDRS, type TdrTimes, type TimedOut, blockedReason, countTdr, judge, tdrMessage } from '@gpup/pf/tdr';
import { BusyWatch, type SlotView } from '@gpup/vidmm';
import type { HostCore } from './host-core.ts';
import type { Tenancy } from './tenancy.ts';

export interface TdrWatchOptions {
  readonly core: HostCore;
  readonly limits: TdrConfig;
  readonly nowMs: () => number;
}

/** Looks at VFs: whose work takes too long, or who does not answer, costs its context the VF; too many of them block their partition. */
export class TdrWatch {
  readonly #options: TdrWatchOptions;
  readonly #busy = new WeakMap<Context, BusyWatch>();
  readonly #times = new Map<string, TdrTimes>();
  readonly #counts = new Map<string, number>();

  constructor(options: TdrWatchOptions) {
    this.#options = options;
  }

  /** Since this daemon began. */
  countOf(partition: string): number {
    return this.#counts.get(partition) ?? 0;
  }

  forgive(partition: string): void {
    this.#times.delete(partition);
  }

  forget(partition: string): void {
    this.#times.delete(partition);
    this.#counts.delete(partition);
  }

  /** A few times a second. What VFs have answered until now has been read. */
  look(): void {
    for (const { context, tenancy } of this.#options.core.contexts) {
      if (context.state !== 'ready' || context.vf === undefined) continue;
      this.#judge(context, tenancy);
      context.vf?.ping();
    }
  }

  #judge(context: Context, tenancy: Tenancy): void {
    const nowMs = monotonicUs() / 1000;
    const slot = context.slotIndex === null ? undefined : tenancy.page?.slot(context.slotIndex);
    const verdict = judge(
      {
        submitSinceMs: slot === undefined || slot.oldestSubmitMs === 0 ? null : slot.oldestSubmitMs,
        threadSinceMs: this.#busySince(context, slot, nowMs),
        pingSinceMs: context.vf?.pingedMs ?? null,
      },
      this.#options.limits[this.#kindOf(tenancy)],
      nowMs,
    );
    if (verdict.kind === 'tdr') this.#end(context, tenancy, verdict, slot);
  }

  #busySince(context: Context, slot: SlotView | undefined, nowMs: number): number | null {
    if (slot === undefined) return null;
    const watch = this.#busy.get(context) ?? new BusyWatch();
    this.#busy.set(context, watch);
    return watch.observe(slot.packetSerial, nowMs) || null;
  }

  #kindOf({ adapter }: Tenancy): 'hardware' | 'software' {
    return this.#options.core.adapters.find(({ id }) => id === adapter)?.choice.kind ?? 'software';
  }

  #end(context: Context, tenancy: Tenancy, verdict: TimedOut, slot: SlotView | undefined): void {
    const { core } = this.#options;
    const message = tdrMessage({ ...verdict, waitedMs: Math.round(verdict.waitedMs) });
    core.log.warning(`A context is timed out: ${message}`, { context: context.id, partition: tenancy.name, why: verdict.why });
    context.end({ code: 'tdr', message }, verdict.why === 'submit' && slot !== undefined ? { guiltyDevice: slot.guiltyDevice } : {});
    core.events.tell({ type: 'tdr', partition: tenancy.name, context: context.id, code: `tdr-${verdict.why}`, message });
    // An adapter that is owned whole has no partition to block: its owner harms nobody else.
    if (tenancy.name !== '') this.#count(tenancy.name);
  }

  #count(partition: string): void {
    const { core, limits, nowMs } = this.#options;
    this.#counts.set(partition, this.countOf(partition) + 1);
    const { times, blocks } = countTdr(this.#times.get(partition) ?? NO_TDRS, monotonicUs() / 1000, limits);
    this.#times.set(partition, times);
    if (!blocks) return;
    const reason = blockedReason(limits);
    core.log.warning(`The partition "${partition}" is blocked: ${reason}`, { partition });
    core.commit(blockPartition(core.table, partition, { reason, nowMs: nowMs() }));
  }
}
