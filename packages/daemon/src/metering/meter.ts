import type { MeteredFigures, UsageReport } from '@gpup/pf/access';
import { PF_LIMITS } from '@gpup/pf';
import type { PartitionDefinition } from '@gpup/pf/partitions';
import { Refusal } from '@gpup/pf/refusal';
import { type Account, type Amounts, EMPTY_ACCOUNT, type Reading, VRAM_UNIT_BYTE_SECONDS, advance } from './meter-account.ts';

/** One life of a partition: another one of the same name has an account of its own. */
export interface MeteredLife {
  readonly tenant: string | null;
  readonly partition: string;
  readonly adapter: string;
  readonly createdMs: number;
  readonly removedMs: number | null;
  readonly account: Account;
}

/** What lives that are not told one by one any more have used. */
export interface TenantSum extends Amounts {
  readonly tenant: string | null;
}

export interface MeterState {
  readonly sinceMs: number;
  readonly savedMs: number;
  /** In the order of their creation. */
  readonly lives: readonly MeteredLife[];
  readonly earlier: readonly TenantSum[];
}

export interface MeterOptions {
  /** Null: it begins now. */
  readonly saved: MeterState | null;
  /** Returns when it would survive a loss of power, or throws, with the older state in place. */
  readonly save: (state: MeterState) => void;
  readonly nowMs: () => number;
  readonly onFault: (message: string) => void;
}

type Living = Pick<PartitionDefinition, 'name' | 'tenant' | 'adapter' | 'createdMs'>;

/**
 * What tenants and partitions have used. It tells only what it has saved, so that nothing that was told is ever taken
 * back, whatever ends the daemon; and only at every `tick`, so that nobody can tell by the moment at which their own figures
 * change when others' partitions come and go.
 */
export class Meter {
  readonly #options: MeterOptions;
  readonly #sinceMs: number;
  /** Of partitions that are there, by name. */
  readonly #living = new Map<string, MeteredLife>();
  /** By the time of their removal. */
  #removed: readonly MeteredLife[];
  #earlier: readonly TenantSum[];
  /** Accounts of the daemon before: their last reading counts only if the page is still the same. */
  readonly #restored = new Set<string>();
  /** The last state that would survive a loss of power. */
  #kept: MeterState;
  #told: MeterState;
  #isChanged = false;
  #isFailing = false;

  constructor(options: MeterOptions) {
    this.#options = options;
    const nowMs = options.nowMs();
    const { sinceMs, lives, earlier } = options.saved ?? { sinceMs: nowMs, savedMs: nowMs, lives: [], earlier: [] };
    this.#kept = this.#told = { sinceMs, savedMs: nowMs, lives, earlier };
    this.#sinceMs = sinceMs;
    this.#removed = lives.filter(({ removedMs }) => removedMs !== null);
    this.#earlier = earlier;
    for (const life of lives) if (life.removedMs === null) this.#living.set(life.partition, life);
    for (const name of this.#living.keys()) this.#restored.add(name);
  }

  /** Throws a Refusal for one tenant more than can be kept: nobody's sum is dropped for another's. */
  admit(tenant: string | null): void {
    if (this.#earlier.length + this.#removed.length + this.#living.size < PF_LIMITS.usageTenantsMax) return;
    const known = new Set([...this.#earlier, ...this.#removed, ...this.#living.values()].map((each) => each.tenant));
    if (known.has(tenant) || known.size < PF_LIMITS.usageTenantsMax) return;
    throw new Refusal('tenants-exhausted', `The host keeps what ${known.size} tenants have used, as many as it can (${PF_LIMITS.usageTenantsMax}). Export the usage, end the host, move its usage.json away, and start it again.`, 'tenant');
  }

  /** Begins an account for each partition that has none, and closes those of partitions that are gone. */
  follow(partitions: readonly Living[]): void {
    const wanted = new Map(partitions.map((partition) => [partition.name, partition]));
    const ended = [...this.#living.values()].filter((life) => !isLifeOf(life, wanted.get(life.partition)));
    for (const life of ended) this.#close(life);
    for (const partition of partitions) if (!this.#living.has(partition.name)) this.#begin(partition);
    if (ended.length > 0) this.save();
  }

  /** The first reading of a page is to be saved before anybody uses it: by it a next daemon knows the page again. */
  observe(partition: string, reading: Reading): void {
    const life = this.#living.get(partition);
    if (life === undefined) return;
    const isStranger = this.#restored.delete(partition) && life.account.last?.page !== reading.page;
    const before = isStranger ? { ...life.account, last: null } : life.account;
    const account = advance(before, reading);
    this.#living.set(partition, { ...life, account });
    this.#isChanged ||= before.last?.page !== reading.page || account.gpuTimeUs !== before.gpuTimeUs || account.vramUnits !== before.vramUnits;
  }

  /** Tells from here on what is kept by then. */
  tick(): void {
    this.saveIfChanged();
    // Where nothing has changed what is kept holds at this moment as well.
    this.#told = this.#isChanged ? this.#kept : { ...this.#kept, savedMs: this.#options.nowMs() };
  }

  /** Where nothing has been used nothing is written. */
  saveIfChanged(): void {
    if (this.#isChanged) this.save();
  }

  save(): void {
    const state: MeterState = { sinceMs: this.#sinceMs, savedMs: this.#options.nowMs(), lives: [...this.#removed, ...this.#living.values()], earlier: this.#earlier };
    try {
      this.#options.save(state);
      this.#kept = state;
      this.#isChanged = false;
      this.#isFailing = false;
    } catch (error) {
      // Once: it is tried again all the time.
      if (!this.#isFailing) this.#options.onFault(`What partitions use cannot be saved; figures stand still until it can: ${(error as Error).message}.`);
      this.#isFailing = true;
    }
  }

  report(): UsageReport {
    const { sinceMs, savedMs, lives, earlier } = this.#told;
    const partitions = lives.map(({ tenant, partition, adapter, createdMs, removedMs, account }) => ({ tenant, partition, adapter, createdMs, removedMs, ...figures(account) }));
    const sums = sumsByTenant([...earlier, ...lives.map(sumOf)]);
    return { atMs: savedMs, sinceMs, tenants: sums.map((sum) => ({ tenant: sum.tenant, ...figures(sum) })), partitions };
  }

  #begin({ name, tenant, adapter, createdMs }: Living): void {
    this.#living.set(name, { partition: name, tenant, adapter, createdMs, removedMs: null, account: EMPTY_ACCOUNT });
    this.#isChanged = true;
  }

  #close(life: MeteredLife): void {
    this.#living.delete(life.partition);
    this.#restored.delete(life.partition);
    const removed = [...this.#removed, { ...life, removedMs: this.#options.nowMs(), account: { ...life.account, last: null } }];
    const overCount = Math.max(0, removed.length - PF_LIMITS.usageRemovedMax);
    this.#removed = removed.slice(overCount);
    this.#earlier = sumsByTenant([...this.#earlier, ...removed.slice(0, overCount).map(sumOf)]);
    this.#isChanged = true;
  }
}

function isLifeOf(life: MeteredLife, partition: Living | undefined): boolean {
  return partition !== undefined && partition.createdMs === life.createdMs && partition.tenant === life.tenant && partition.adapter === life.adapter;
}

function figures({ gpuTimeUs, vramUnits }: Amounts): MeteredFigures {
  return { gpuSeconds: gpuTimeUs / 1e6, vramByteHours: (vramUnits * VRAM_UNIT_BYTE_SECONDS) / 3600 };
}

function sumOf({ tenant, account: { gpuTimeUs, vramUnits } }: MeteredLife): TenantSum {
  return { tenant, gpuTimeUs, vramUnits };
}

function sumsByTenant(parts: readonly TenantSum[]): readonly TenantSum[] {
  const sums = new Map<string | null, TenantSum>();
  for (const { tenant, gpuTimeUs, vramUnits } of parts) {
    const before = sums.get(tenant) ?? { tenant, gpuTimeUs: 0, vramUnits: 0 };
    sums.set(tenant, { tenant, gpuTimeUs: before.gpuTimeUs + gpuTimeUs, vramUnits: before.vramUnits + vramUnits });
  }
  return [...sums.values()];
}
