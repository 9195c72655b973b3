/**
 * The partitions of a host and the modes of its adapters, as plain data, and what can be done to them, as functions from one
 * table to the next. Nothing here keeps anything: whoever holds the table applies a transition, saves it, and tells its events.
 * An operation that is not allowed throws a Refusal and there is no next table.
 *
 * Invariants of a table:
 *   - Names of partitions are unique.
 *   - Partitions that are in place have mins that fit into their adapter together (admission.ts).
 *   - An adapter in mode `dda` has no partitions; one in mode `partitioned` has no owner.
 */
import type { AdapterMode, AdapterScheduling, HostEvent, PartitionChange, PartitionRequest } from '../actions.ts';
import { PF_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import { type Allotment, type Available, type Claim, admit, allot, availableOf, checkFree } from './admission.ts';
import { type PartitionDefinition, computeBounds, definePartition, redefinePartition, vramBounds } from './definition.ts';
import { isCoarser } from './timestamps.ts';

export interface TableAdapter {
  /** `hardware-0`, `software-0`, … */
  readonly id: string;
  /** What partitions may have of it together. */
  readonly vramBytes: number;
  readonly mode: AdapterMode;
  /** Who has it whole, in words for people; null while nobody does. */
  readonly owner: string | null;
  /** Null: nobody has asked for anything; the host's default holds. */
  readonly scheduling: AdapterScheduling | null;
}

export interface TablePartition {
  readonly definition: PartitionDefinition;
  /** Why it has nothing of its adapter at present, where a restart found that its adapter is gone or has shrunk. */
  readonly displaced: string | null;
}

export interface PartitionTable {
  /** The first one is where partitions go that name none. */
  readonly adapters: readonly TableAdapter[];
  /** Of adapters that are not there at present, by id: they may come back. */
  readonly absentModes: Readonly<Record<string, AdapterMode>>;
  /** The same. */
  readonly absentScheduling: Readonly<Record<string, AdapterScheduling>>;
  /** In the order in which they were made. */
  readonly partitions: readonly TablePartition[];
}

/** What a partition's contexts use together. Comes from outside, and is only as true as whoever counted it. */
export interface PartitionUse {
  readonly vramBytes: number;
  readonly hostBytes: number;
  readonly contextCount: number;
}

export type UseOf = (name: string) => PartitionUse;

export const NOT_IN_USE: UseOf = () => ({ vramBytes: 0, hostBytes: 0, contextCount: 0 });

type Unstamped<Event> = Event extends unknown ? Omit<Event, 'sequence' | 'timeMs'> : never;
/** An event that has no number and no time yet. */
export type TableEvent = Unstamped<HostEvent>;

export interface Transition {
  readonly table: PartitionTable;
  /** Also of other partitions, where they have more or less now. */
  readonly events: readonly TableEvent[];
}

export interface Circumstances {
  readonly use: UseOf;
  readonly nowMs: number;
}

export function createPartition(table: PartitionTable, request: PartitionRequest, { use, nowMs }: Circumstances): Transition {
  const adapter = request.adapter === undefined ? firstAdapter(table) : adapterOf(table, request.adapter, 'adapter');
  const definition = definePartition(request, adapter.id, nowMs);
  if (table.partitions.some((other) => other.definition.name === definition.name)) {
    throw new Refusal('partition-exists', `A partition "${definition.name}" exists already.`, 'name');
  }
  checkCount(table, adapter);
  checkWithin(adapter, request);
  place(table, adapter, definition);
  checkFree(adapter, claimOf(definition, adapter, use), claimsOn(table, adapter, use));
  const next = { ...table, partitions: [...table.partitions, { definition, displaced: null }] };
  return { table: next, events: [{ type: 'partition-created', partition: definition.name }, ...changesOfOthers(table, next, use, definition.name)] };
}

/** One that is displaced has a place again, if the change makes it fit. */
export function changePartition(table: PartitionTable, name: string, change: PartitionChange, { use }: Circumstances): Transition {
  const partition = partitionOf(table, name);
  const definition = redefinePartition(partition.definition, change);
  const adapter = adapterOf(table, definition.adapter);
  checkWithin(adapter, change);
  place(without(table, name), adapter, definition);
  const next = replace(table, { definition, displaced: null });
  checkTimestamps(partition.definition, definition, use(name));
  if (change.whenInUse !== 'wait') checkLowered(name, { before: table, after: next, use });
  checkGrown(name, { before: table, after: next, use });
  return { table: next, events: [{ type: 'partition-changed', partition: name }, ...changesOfOthers(table, next, use, name)] };
}

export function removePartition(table: PartitionTable, name: string, { use, force }: { readonly use: UseOf; readonly force: boolean }): Transition {
  partitionOf(table, name);
  const { contextCount } = use(name);
  if (contextCount > 0 && !force) {
    throw new Refusal('partition-in-use', `Partition "${name}" has contexts (${contextCount}); it is removed while it has any only by force.`);
  }
  const next = without(table, name);
  return { table: next, events: [{ type: 'partition-removed', partition: name }, ...changesOfOthers(table, next, use, name)] };
}

/** Nobody gets a context of it from now on. One that is blocked already keeps its first reason. */
export function blockPartition(table: PartitionTable, name: string, { reason, nowMs }: { readonly reason: string; readonly nowMs: number }): Transition {
  const partition = partitionOf(table, name);
  if (partition.definition.blocked !== null) return { table, events: [] };
  const definition = { ...partition.definition, blocked: { reason, sinceMs: nowMs } };
  return { table: replace(table, { ...partition, definition }), events: [{ type: 'partition-blocked', partition: name, reason }] };
}

/** Also tries again to find a place for one that a restart found none for. One that is not blocked stays as it is. */
export function unblockPartition(table: PartitionTable, name: string, { use }: { readonly use: UseOf }): Transition {
  const { definition, displaced } = partitionOf(table, name);
  if (definition.blocked === null && displaced === null) return { table, events: [] };
  if (displaced !== null) {
    const adapter = adapterOf(table, definition.adapter);
    place(table, adapter, definition);
    checkFree(adapter, claimOf(definition, adapter, use), claimsOn(table, adapter, use));
  }
  const next = replace(table, { definition: { ...definition, blocked: null }, displaced: null });
  return { table: next, events: [{ type: 'partition-unblocked', partition: name }, ...changesOfOthers(table, next, use, name)] };
}

export function setAdapterMode(table: PartitionTable, id: string, mode: AdapterMode): Transition {
  const adapter = adapterOf(table, id);
  if (adapter.mode === mode) return { table, events: [] };
  if (adapter.owner !== null) throw ownedRefusal(adapter, adapter.owner);
  const names = table.partitions.filter(({ definition }) => definition.adapter === id).map(({ definition }) => definition.name);
  if (mode === 'dda' && names.length > 0) {
    throw new Refusal('adapter-has-partitions', `The adapter ${id} has partitions (${listed(names)}); one guest can own it whole only when it has none.`);
  }
  return withAdapter(table, { ...adapter, mode });
}

export function setAdapterScheduling(table: PartitionTable, id: string, scheduling: AdapterScheduling): Transition {
  return withAdapter(table, { ...adapterOf(table, id), scheduling });
}

/** Makes a guest the owner of an adapter in mode `dda`. The owner's name is for people: others are refused with it. */
export function claimAdapter(table: PartitionTable, id: string, owner: string): Transition {
  const adapter = adapterOf(table, id);
  if (adapter.mode !== 'dda') throw new Refusal('adapter-partitioned', `The adapter ${id} is shared by partitions (mode "${adapter.mode}"); a guest owns it whole only in mode "dda".`);
  if (adapter.owner !== null) throw ownedRefusal(adapter, adapter.owner);
  return withAdapter(table, { ...adapter, owner });
}

export function releaseAdapter(table: PartitionTable, id: string): Transition {
  const adapter = adapterOf(table, id);
  return adapter.owner === null ? { table, events: [] } : withAdapter(table, { ...adapter, owner: null });
}

/** What each partition has now, by name. Those that are displaced have nothing. */
export function allotments(table: PartitionTable, use: UseOf): ReadonlyMap<string, Allotment> {
  const nothing: Allotment = { vramBytes: 0, shrinkingToBytes: null, computeParts: 0 };
  const byName = new Map(table.partitions.map(({ definition }) => [definition.name, nothing]));
  for (const adapter of table.adapters) {
    const claims = claimsOn(table, adapter, use);
    const allotted = allot(adapter.vramBytes, claims);
    for (const [index, { name }] of claims.entries()) byName.set(name, allotted[index] as Allotment);
  }
  return byName;
}

/** What one more partition could be promised; for an adapter that is owned whole, or about to be: what its owner could have. */
export function available(table: PartitionTable, id: string, use: UseOf): Available {
  const adapter = adapterOf(table, id);
  if (adapter.owner !== null) return { vramBytes: 0, computeParts: 0 };
  return availableOf(adapter.vramBytes, claimsOn(table, adapter, use));
}

export function partitionOf(table: PartitionTable, name: string): TablePartition {
  const partition = table.partitions.find(({ definition }) => definition.name === name);
  if (partition === undefined) throw new Refusal('unknown-partition', `There is no partition "${name.slice(0, PF_LIMITS.partitionNameLengthMax)}".`);
  return partition;
}

export function adapterOf(table: PartitionTable, id: string, field?: string): TableAdapter {
  const adapter = table.adapters.find((other) => other.id === id);
  if (adapter !== undefined) return adapter;
  throw new Refusal('unknown-adapter', `There is no adapter "${id.slice(0, 100)}"; this host has ${listed(table.adapters.map((other) => other.id))}.`, field);
}

/** Whether a definition may stand beside those of the table, which does not hold it. What others use is another question. */
export function place(table: PartitionTable, adapter: TableAdapter, definition: PartitionDefinition): void {
  if (adapter.mode === 'dda') {
    const owner = adapter.owner === null ? 'is kept for one guest that owns it whole' : `is owned whole by ${adapter.owner}`;
    throw new Refusal('adapter-dda', `The adapter ${adapter.id} ${owner} (mode "dda"); it has no partitions meanwhile.`, 'adapter');
  }
  admit(adapter, claimOf(definition, adapter, NOT_IN_USE), claimsOn(table, adapter, NOT_IN_USE).filter(({ name }) => name !== definition.name));
}

function checkCount(table: PartitionTable, adapter: TableAdapter): void {
  const count = table.partitions.filter(({ definition }) => definition.adapter === adapter.id).length;
  if (count < PF_LIMITS.partitionsPerAdapterMax) return;
  throw new Refusal('adapter-full', `The adapter ${adapter.id} has ${count} partitions, as many as it may have (${PF_LIMITS.partitionsPerAdapterMax}).`);
}

/** A number that the adapter can never give is a slip of the pen, or meant for another adapter. */
function checkWithin(adapter: TableAdapter, { vram = {} }: PartitionChange): void {
  for (const name of ['min', 'optimal', 'max'] as const) {
    const bytes = vram[name];
    if (bytes === undefined || bytes <= adapter.vramBytes) continue;
    throw new Refusal('above-adapter', `The field vram.${name} (${bytes} bytes) is above what ${adapter.id} has (${adapter.vramBytes} bytes).`, `vram.${name}`);
  }
}

interface Step {
  readonly before: PartitionTable;
  readonly after: PartitionTable;
  readonly use: UseOf;
}

/** Refuses to take what is in use. What other partitions' coming and going takes is not asked for here. */
function checkLowered(name: string, { before, after, use }: Step): void {
  const used = use(name);
  const target = targetBytes(after, name);
  if (used.vramBytes > target && target < targetBytes(before, name)) {
    throw new Refusal('vram-in-use', `Partition "${name}" uses ${used.vramBytes} bytes of video memory, more than it would have (${target}).`, 'vram');
  }
  const [older, newer] = [partitionOf(before, name).definition, partitionOf(after, name).definition];
  if (used.hostBytes > newer.hostBytesMax && newer.hostBytesMax < older.hostBytesMax) {
    throw new Refusal('host-memory-in-use', `Partition "${name}" uses ${used.hostBytes} bytes of the host's memory, more than it would have (${newer.hostBytesMax}).`, 'hostBytesMax');
  }
  if (used.contextCount > newer.contextsMax && newer.contextsMax < older.contextsMax) {
    throw new Refusal('contexts-in-use', `Partition "${name}" has ${used.contextCount} contexts, more than it could have (${newer.contextsMax}).`, 'contextsMax');
  }
}

/** What a guest has been given on opening it keeps: whoever says "coarse" must not be told that it is so while it is not. */
function checkTimestamps({ name, timestamps: older }: PartitionDefinition, { timestamps: newer }: PartitionDefinition, { contextCount }: PartitionUse): void {
  if (contextCount === 0 || !isCoarser(newer, older)) return;
  throw new Refusal('timestamps-in-use', `Partition "${name}" has contexts (${contextCount}) that would keep "${older}" timestamps; "${newer}" ones can be set while it has none.`, 'timestamps');
}

/** A greater min must be free at once. A smaller one never fails, whatever others use. */
function checkGrown(name: string, { before, after, use }: Step): void {
  const { definition } = partitionOf(after, name);
  const adapter = adapterOf(after, definition.adapter);
  const claim = claimOf(definition, adapter, use);
  const older = partitionOf(before, name);
  if (older.displaced === null && claim.vram.min <= vramBounds(older.definition, adapter.vramBytes).min) return;
  checkFree(adapter, claim, claimsOn(after, adapter, use).filter((other) => other.name !== name));
}

/** What it would have if nobody held more than they should. */
function targetBytes(table: PartitionTable, name: string): number {
  return allotments(table, NOT_IN_USE).get(name)?.vramBytes ?? 0;
}

/** Of those that have another current now. */
function changesOfOthers(before: PartitionTable, after: PartitionTable, use: UseOf, name: string): TableEvent[] {
  const older = allotments(before, use);
  return [...allotments(after, use)]
    .filter(([other, allotment]) => other !== name && !isSame(allotment, older.get(other)))
    .map(([partition]) => ({ type: 'partition-changed', partition }));
}

function isSame(one: Allotment, other: Allotment | undefined): boolean {
  return one.vramBytes === other?.vramBytes && one.shrinkingToBytes === other.shrinkingToBytes && one.computeParts === other.computeParts;
}

function claimsOn(table: PartitionTable, adapter: TableAdapter, use: UseOf): Claim[] {
  return table.partitions
    .filter(({ definition, displaced }) => definition.adapter === adapter.id && displaced === null)
    .map(({ definition }) => claimOf(definition, adapter, use));
}

function claimOf(definition: PartitionDefinition, { vramBytes }: TableAdapter, use: UseOf): Claim {
  const { name } = definition;
  return { name, vram: vramBounds(definition, vramBytes), compute: computeBounds(definition), usedBytes: use(name).vramBytes };
}

function without(table: PartitionTable, name: string): PartitionTable {
  return { ...table, partitions: table.partitions.filter(({ definition }) => definition.name !== name) };
}

function replace(table: PartitionTable, partition: TablePartition): PartitionTable {
  const { name } = partition.definition;
  return { ...table, partitions: table.partitions.map((other) => (other.definition.name === name ? partition : other)) };
}

function withAdapter(table: PartitionTable, adapter: TableAdapter): Transition {
  const adapters = table.adapters.map((other) => (other.id === adapter.id ? adapter : other));
  return { table: { ...table, adapters }, events: [{ type: 'adapter-changed', adapter: adapter.id }] };
}

function firstAdapter(table: PartitionTable): TableAdapter {
  const [first] = table.adapters;
  if (first === undefined) throw new Refusal('unknown-adapter', 'This host has no adapter.', 'adapter');
  return first;
}

function ownedRefusal({ id }: TableAdapter, owner: string): Refusal {
  return new Refusal('adapter-owned', `The adapter ${id} is owned whole by ${owner}.`);
}

/** The first of many: a sentence is read by people. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED_MAX).join(', ');
  return names.length > LISTED_MAX ? `${shown} and ${names.length - LISTED_MAX} more` : shown || 'none';
}

const LISTED_MAX = 8;
