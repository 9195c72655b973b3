/** An operator makes, changes and removes partitions while guests are in them. */
import type { Random } from '@gpup/base/testing';
import type { PartitionChange, PartitionRequest } from '@gpup/pf/actions';
import { SOAK_LIMITS } from '../limits.ts';
import { oneIn, pick, pickOrNull } from '../plan/draw.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';
import { ADAPTERS, WHOLE_ADAPTER } from '../scene/place.ts';
import { REASONS } from '../scene/reasons.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const NAMES = ['amber', 'birch', 'cedar', 'dune', 'elm', 'fjord'] as const;
/** Small enough to be filled, and large enough for the guests that come. */
const VRAM_BYTES = [32, 48, 64, 96].map((mebibytes) => mebibytes * MIB);
const SIZES = ['1/16', '1/8', 'NV4as-v4'] as const;
const ESCAPES = [[], ['statistics'], ['statistics', 'latency-class']] as const;
const SHARES = [1 / 16, 1 / 8, 1 / 6] as const;
const LATENCY_CLASSES = ['throughput', 'interactive'] as const;

/** What others may have to say to an operation that is right by itself. */
const ANY_MOMENT = ['partition-busy', 'vram-exhausted', 'compute-exhausted', 'vram-in-use'] as const;

export interface PartitionCreation {
  readonly request: PartitionRequest & { readonly adapter: string; readonly escapes: readonly string[] };
  readonly vramBytes: number | null;
}

export const CREATE: StepKind<PartitionCreation> = {
  name: 'partition-create',
  weight: { calm: 6, rough: 6 },
  choose(world, random) {
    const name = pickOrNull(random, NAMES.filter((each) => !world.partitions.has(each)));
    if (name === null || world.partitions.size >= SOAK_LIMITS.partitionsMax) return null;
    const adapter = world.isWholeGiven ? ADAPTERS[0] : pick(random, ADAPTERS);
    const escapes = pick(random, ESCAPES);
    if (oneIn(random, 4)) return { request: { name, adapter, escapes, size: pick(random, SIZES) }, vramBytes: null };
    const bytes = pick(random, VRAM_BYTES);
    return { request: { name, adapter, escapes, vram: all(bytes), compute: all(pick(random, SHARES)) }, vramBytes: bytes };
  },
  foresee(world, { request: { name, adapter, escapes }, vramBytes }) {
    world.partitions.set(name, { name, adapter, escapes, vramBytes });
  },
  async perform(scene, { request }) {
    await scene.change(request.name, (host) => host.createPartition(request), [...ANY_MOMENT, 'partition-exists', 'adapter-dda']);
  },
};

function all(value: number): { readonly min: number; readonly optimal: number; readonly max: number } {
  return { min: value, optimal: value, max: value };
}

export interface PartitionAlteration {
  readonly name: string;
  readonly change: PartitionChange;
}

export const CHANGE: StepKind<PartitionAlteration> = {
  name: 'partition-change',
  weight: { calm: 9, rough: 7 },
  choose(world, random) {
    const partition = pickOrNull(random, [...world.partitions.values()]);
    return partition === null ? null : { name: partition.name, change: changeOf(random, partition.vramBytes !== null) };
  },
  foresee(world, { name, change }) {
    const partition = world.partitions.get(name);
    if (partition === undefined) return;
    world.partitions.set(name, { ...partition, escapes: change.escapes ?? partition.escapes, vramBytes: change.vram?.optimal ?? partition.vramBytes });
  },
  async perform(scene, { name, change }) {
    // They may find no place from now on.
    if (change.contextsMax !== undefined) scene.allowIn(name, REASONS.full);
    await scene.change(name, (host) => host.changePartition(name, change), [...ANY_MOMENT, 'unknown-partition', 'contexts-in-use']);
  },
};

function changeOf(random: Random, isByBytes: boolean): PartitionChange {
  switch (random.below(isByBytes ? 9 : 4)) {
    case 0:
      return { contextsMax: random.between(2, 16) };
    case 1:
      return { escapes: pick(random, ESCAPES) };
    case 2:
      return { hostBytesMax: random.between(2, 8) * GIB };
    case 3:
      return { latencyClass: pick(random, LATENCY_CLASSES) };
    case 4:
      return { compute: all(pick(random, SHARES)) };
    default:
      return { vram: all(pick(random, VRAM_BYTES)), whenInUse: pick(random, ['refuse', 'wait'] as const) };
  }
}

export interface PartitionRemoval {
  readonly name: string;
  readonly force: boolean;
}

export const REMOVE: StepKind<PartitionRemoval> = {
  name: 'partition-remove',
  weight: { calm: 3, rough: 3 },
  choose(world, random) {
    const name = pickOrNull(random, [...world.partitions.keys()]);
    return name === null ? null : { name, force: !oneIn(random, 3) };
  },
  foresee(world, { name, force }) {
    if (force || world.guestsIn(name).length === 0) world.removePlace(name);
  },
  async perform(scene, { name, force }) {
    scene.disturbances += 1;
    // Also without force: their contexts may not be there yet when it is removed.
    scene.allowIn(name, REASONS.partitionRemoved, REASONS.noHost);
    const answer = await scene.change(name, async (host) => void (await host.removePartition(name, { force })), ['unknown-partition', 'partition-busy', ...(force ? [] : ['partition-in-use'])]);
    if (answer.kind === 'done') scene.forgetHangs(name);
  },
};

/** One adapter is given to one guest as a whole, or shared again. */
export const ADAPTER_MODE: StepKind<{ readonly isWhole: boolean }> = {
  name: 'adapter-mode',
  weight: { calm: 2, rough: 2 },
  choose: (world) => (world.isWholeGiven || [...world.partitions.values()].every(({ adapter }) => adapter !== WHOLE_ADAPTER) ? { isWhole: !world.isWholeGiven } : null),
  foresee(world, { isWhole }) {
    if (!isWhole) world.removePlace(WHOLE_ADAPTER);
    world.isWholeGiven = isWhole;
  },
  async perform(scene, { isWhole }) {
    scene.disturbances += 1;
    scene.allowIn(WHOLE_ADAPTER, REASONS.adapterPartitioned, REASONS.partitionRemoved, REASONS.noHost);
    const answer = await scene.ask((host) => host.setAdapterMode(WHOLE_ADAPTER, isWhole ? 'dda' : 'partitioned'));
    const isExpected = answer.kind !== 'refused' || ['adapter-owned', 'adapter-busy', 'adapter-has-partitions'].includes(answer.code);
    if (!isExpected) scene.findings.violate('operations', `The mode of ${WHOLE_ADAPTER} is not changed: ${answer.code}: ${answer.message}`);
  },
};

export const PARTITION_STEPS = [stepKind(CREATE), stepKind(CHANGE), stepKind(REMOVE), stepKind(ADAPTER_MODE)];

