/** What pages, API and metrics say is what lives. */
import type { ContextView, PartitionView } from '@gpup/pf/actions';
import { isWhole } from '../scene/place.ts';
import { sampleKey } from '../seen/metrics.ts';
import type { Observation, SeenGuest } from '../seen/observation.ts';
import type { SeenPage } from '../seen/pages.ts';
import { type Invariant, sumOf, unequal } from './invariant.ts';

type Account = Pick<Observation, 'partitions' | 'contexts' | 'guests' | 'pages' | 'metrics' | 'processes'>;

/** A context of an adapter that is owned whole names no partition. */
function partitionOf({ place }: SeenGuest): string {
  return isWhole(place) ? '' : place;
}

export const CONTEXTS: Invariant<Account> = {
  name: 'contexts',
  complaints: ({ contexts, guests, partitions }) => [
    ...guests.flatMap((guest) => contextComplaints(guest, contexts)),
    ...contexts.filter(({ guestPid }) => !guests.some(({ pid }) => pid === guestPid)).map(({ id, guestPid }) => `Context ${id} is that of process ${guestPid}, which is no guest that lives.`),
    ...contexts.filter(({ state }) => state !== 'ready').map(({ id, state }) => `Context ${id} stays ${state}.`),
    ...partitions.flatMap(({ name, contextCount }) => unequal(`The count of contexts of "${name}"`, contextCount, contexts.filter(({ partition }) => partition === name).length)),
  ],
};

function contextComplaints(guest: SeenGuest, contexts: readonly ContextView[]): readonly string[] {
  const own = contexts.filter(({ guestPid }) => guestPid === guest.pid);
  const wrong = own.filter(({ partition }) => partition !== partitionOf(guest));
  return [
    ...unequal(`The count of contexts of guest ${guest.id}`, own.length, 1),
    ...wrong.map(({ id, partition }) => `Context ${id} of guest ${guest.id} is in partition "${partition}", expected "${partitionOf(guest)}".`),
  ];
}

export const VIDEO_MEMORY: Invariant<Account> = {
  name: 'video-memory',
  complaints: ({ partitions, contexts, guests, metrics }) => [
    ...guests.flatMap((guest) => unequal(`The video memory of guest ${guest.id}`, contextOf(guest, contexts)?.vramBytes, guest.account.vramBytes)),
    ...partitions.flatMap(({ name, usage }) => unequal(`The video memory of "${name}"`, usage.vramBytes, sumOf(of(contexts, name), ({ vramBytes }) => vramBytes))),
    ...partitions.flatMap(({ name, usage }) => unequal(`The metric for the video memory of "${name}"`, metrics.get(sampleKey('gpup_partition_vram_bytes', name)), usage.vramBytes)),
  ],
};

export const HOST_MEMORY: Invariant<Account> = {
  name: 'host-memory',
  complaints: ({ partitions, contexts, metrics }) => [
    ...partitions.flatMap(({ name, usage }) => unequal(`The host memory of "${name}"`, usage.hostBytes, sumOf(of(contexts, name), ({ hostBytes }) => hostBytes))),
    ...partitions.flatMap(({ name, usage }) => unequal(`The metric for the host memory of "${name}"`, metrics.get(sampleKey('gpup_partition_host_memory_bytes', name)), usage.hostBytes)),
    ...contexts.filter(({ hostBytes }) => hostBytes === 0).map(({ id }) => `Context ${id} has no host memory, not even its rings.`),
  ],
};

export const SUBMITS: Invariant<Account> = {
  name: 'submits',
  complaints: ({ partitions, contexts, guests, metrics }) => [
    ...guests.flatMap((guest) => unequal(`The submits of guest ${guest.id}`, contextOf(guest, contexts)?.submitCount, guest.account.submitCount)),
    ...guests.flatMap((guest) => unequal(`The completed submits of guest ${guest.id}`, contextOf(guest, contexts)?.completedCount, guest.account.submitCount)),
    ...partitions.flatMap((partition) => partitionSubmits(partition, contexts)),
    ...partitions.flatMap(({ name, usage }) => unequal(`The metric for the submits of "${name}"`, metrics.get(sampleKey('gpup_partition_submits_total', name)), usage.submitCount)),
  ],
};

/** Those of contexts that have ended are in it as well. */
function partitionSubmits({ name, usage }: PartitionView, contexts: readonly ContextView[]): readonly string[] {
  const living = sumOf(of(contexts, name), ({ submitCount }) => submitCount);
  return [
    ...(usage.submitCount >= living ? [] : [`The partition "${name}" counts ${usage.submitCount} submits, its contexts ${living}.`]),
    ...(usage.completedCount <= usage.submitCount ? [] : [`The partition "${name}" counts ${usage.completedCount} completed submits of ${usage.submitCount}.`]),
  ];
}

/** Read from the memory files themselves: the words that VFs have written, and those that the daemon holds them to. */
export const PAGES: Invariant<Account> = {
  name: 'pages',
  complaints: ({ partitions, contexts, pages, processes }) => [
    ...partitions.flatMap((partition) => {
      const page = pages.get(partition.name);
      return page === undefined ? [`The partition "${partition.name}" has no page.`] : pageComplaints(partition, { page, contexts: of(contexts, partition.name) });
    }),
    ...[...pages].flatMap(([place, { slots }]) => strangers(slots.map(({ vfPid }) => vfPid), processes).map((pid) => `A slot on the page of ${place} is process ${pid}'s, which is no VF.`)),
  ],
};

function pageComplaints({ name, vram, hostBytesMax, state }: PartitionView, { page, contexts }: { readonly page: SeenPage; readonly contexts: readonly ContextView[] }): readonly string[] {
  return [
    ...unequal(`The budget on the page of "${name}"`, page.budgetBytes, state.kind === 'shrinking' ? state.toBytes : vram.current),
    ...unequal(`The budget of host memory on the page of "${name}"`, page.hostBudgetBytes, hostBytesMax),
    ...unequal(`The count of slots on the page of "${name}"`, page.slots.length, contexts.length),
    ...contexts.flatMap(({ id, vfPid, vramBytes, hostBytes, submitCount }) => {
      const slot = page.slots.find((each) => each.vfPid === vfPid);
      return [
        ...unequal(`The video memory of context ${id} on the page of "${name}"`, slot?.vramBytes, vramBytes),
        ...unequal(`The host memory of context ${id} on the page of "${name}"`, slot?.hostBytes, hostBytes),
        ...unequal(`The submits of context ${id} on the page of "${name}"`, slot?.submitCount, submitCount),
      ];
    }),
  ];
}

function strangers(pids: readonly number[], processes: Observation['processes']): readonly number[] {
  return pids.filter((pid) => !processes.some((each) => each.pid === pid && each.role === 'vf' && !each.isZombie));
}

export const NONE_BLOCKED: Invariant<Account> = {
  name: 'none-blocked',
  complaints: ({ partitions }) => partitions.flatMap(({ name, state }) => (state.kind === 'blocked' ? [`The partition "${name}" is blocked: ${state.reason}`] : [])),
};

function of(contexts: readonly ContextView[], name: string): readonly ContextView[] {
  return contexts.filter(({ partition }) => partition === name);
}

function contextOf({ pid }: SeenGuest, contexts: readonly ContextView[]): ContextView | undefined {
  return contexts.find(({ guestPid }) => guestPid === pid);
}
