/** What there is of processes, descriptors, files and memory is what somebody who lives has. */
import type { ContextView } from '@gpup/pf/actions';
import type { Observation } from '../seen/observation.ts';
import type { SeenProcess } from '../seen/process-table.ts';
import { type Invariant, unequal } from './invariant.ts';

const MIB = 2 ** 20;

function vfsOf(processes: readonly SeenProcess[]): readonly SeenProcess[] {
  return processes.filter(({ role, isZombie }) => role === 'vf' && !isZombie);
}

/** Partitions, and adapters that are given away whole: each has a socket, and a page. */
function placesOf({ partitions, adapters }: Pick<Observation, 'partitions' | 'adapters'>): readonly string[] {
  return [...partitions.map(({ name }) => `partitions/${name}`), ...adapters.filter(({ mode }) => mode === 'dda').map(({ id }) => `adapters/${id}`)];
}

export const PROCESSES: Invariant<Observation> = {
  name: 'processes',
  complaints: ({ host, processes, contexts, guests, adapters, partitions, poolSize }) => {
    const isKnown = ({ pid, role }: SeenProcess): boolean => pid === host.pid || role === 'vf' || guests.some((guest) => guest.pid === pid);
    const vfs = vfsOf(processes);
    const waitingCount = vfs.filter(({ pid }) => !contexts.some(({ vfPid }) => vfPid === pid)).length;
    // Each adapter has a pool, filled from its first partition on.
    const used = adapters.filter(({ id, mode }) => mode === 'dda' || partitions.some(({ adapter }) => adapter === id));
    const [least, most] = [used.length * poolSize, adapters.length * poolSize];
    return [
      ...processes.filter((each) => each.isZombie).map(({ pid }) => `The daemon has not taken note of the end of process ${pid}.`),
      ...processes.filter((each) => !each.isZombie && !isKnown(each)).map(({ pid, command }) => `Process ${pid} is left: ${command.slice(0, 200)}`),
      ...contexts.filter(({ vfPid }) => !vfs.some(({ pid }) => pid === vfPid)).map(({ id, vfPid }) => `The VF of context ${id} (process ${vfPid}) does not live.`),
      ...(waitingCount >= least && waitingCount <= most ? [] : [`${waitingCount} VF processes have no context, expected ${least} to ${most} that wait for one.`]),
    ];
  },
};

export const DESCRIPTORS: Invariant<Observation> = {
  name: 'descriptors',
  complaints: (seen) => {
    const { daemonDescriptors, baseDescriptors, contexts, host, processes } = seen;
    const placeCount = placesOf(seen).length;
    const expected: Record<string, number> = {
      ...baseDescriptors,
      page: placeCount,
      // Listening, and the control connection of each guest.
      guest: placeCount + contexts.length,
      // The control connection of each VF.
      socket: (baseDescriptors['socket'] ?? 0) + vfsOf(processes).length,
      // Those that this daemon has not started itself.
      process: contexts.filter(({ openedMs }) => openedMs < host.startedMs).length,
    };
    const kinds = new Set([...Object.keys(expected), ...Object.keys(daemonDescriptors)]);
    return [...kinds].flatMap((kind) => unequal(`The daemon's count of descriptors of the kind "${kind}"`, daemonDescriptors[kind] ?? 0, expected[kind] ?? 0));
  },
};

/** A guest and its VF map one aperture, but over a byte stream; nobody else maps any. */
export const APERTURES: Invariant<Observation> = {
  name: 'apertures',
  complaints: ({ processes, contexts, guests }) =>
    processes.flatMap(({ pid, role, apertureCount }) => {
      const context = contexts.find(({ vfPid, guestPid }) => vfPid === pid || guestPid === pid);
      const transport = guests.find((guest) => guest.pid === context?.guestPid)?.transport;
      return unequal(`The count of apertures that process ${pid} (${role}) maps`, apertureCount, transport === 'aperture' ? 1 : 0);
    }),
};

const ALWAYS_THERE = ['host.json', 'run', 'run/adapters', 'run/api.sock', 'run/daemon.lock', 'run/partitions', 'run/vfs', 'state', 'state/host.log'];
/** Logs that were put aside, what begins with the first change, and what is left of a write that was cut off, which the next one writes over (packages/pf/src/partitions/definitions.ts). */
const PERHAPS_THERE: ReadonlySet<string> = new Set(['state/partitions.json', 'state/usage.json', 'state/host.log.1', 'state/audit.jsonl', 'state/audit.jsonl.1', 'state/partitions.json.new', 'state/usage.json.new', 'state/tokens.json', 'state/tokens.json.new']);

/** Ours, not the host's: a VF that was about to start when its daemon was killed at a step makes the file of that step again. */
const OURS = /^freeze-\d+$/;

export const FILES: Invariant<Observation> = {
  name: 'files',
  complaints: (seen) => {
    // Written when the first partition is made.
    const definitions = seen.partitions.length > 0 ? ['state/partitions.json'] : [];
    const expected = new Set([...ALWAYS_THERE, ...definitions, ...placesOf(seen).flatMap((place) => [`run/${place}.sock`, `run/${place}.page`])]);
    const isVfs = (path: string): boolean => path.startsWith('run/vfs/');
    const others = seen.files.filter((path) => !isVfs(path));
    return [
      ...others.filter((path) => !expected.has(path) && !PERHAPS_THERE.has(path) && !OURS.test(path)).map((path) => `The file ${path} is left.`),
      ...[...expected].filter((path) => !others.includes(path)).map((path) => `The file ${path} is missing.`),
      ...vfFileComplaints(seen.files.filter(isVfs), seen),
    ];
  },
};

/** Each VF has a log, and the socket at which a next host will find it, bound before it has a guest. */
function vfFileComplaints(paths: readonly string[], { processes }: Observation): readonly string[] {
  const [logs, sockets] = ['.log', '.sock'].map((suffix) => paths.filter((path) => path.endsWith(suffix)));
  return [
    ...unequal('The count of logs of VFs', logs?.length, vfsOf(processes).length),
    ...unequal('The count of sockets of VFs', sockets?.length, vfsOf(processes).length),
    ...unequal('The count of files of VFs', paths.length, (logs?.length ?? 0) + (sockets?.length ?? 0)),
  ];
}

export const VF_MEMORY_LIMITS = {
  /** Heaps, driver and compiled code of a VF that has worked for a while: 30 to 60 MiB are usual. */
  baseBytesMax: 128 * MIB,
  /** docs/memory.md: for objects of all sizes, so many times the most that was in use. */
  factorMax: 2,
} as const;

/** A VF on a software adapter has the video memory of its guest as its own: it gives back what is freed. */
export const VF_MEMORY: Invariant<Observation> = {
  name: 'vf-memory',
  complaints: ({ contexts, memory }) => contexts.flatMap((context) => vfMemoryComplaints(context, memory.get(context.vfPid)?.anonymousBytes ?? 0)),
};

function vfMemoryComplaints({ id, vfPid, vramBytes }: ContextView, anonymousBytes: number): readonly string[] {
  const bytesMax = VF_MEMORY_LIMITS.baseBytesMax + VF_MEMORY_LIMITS.factorMax * vramBytes;
  if (anonymousBytes <= bytesMax) return [];
  return [`The VF of context ${id} (process ${vfPid}) has ${anonymousBytes} bytes of memory for ${vramBytes} of video memory, more than ${bytesMax}.`];
}

export const DAEMON_MEMORY_LIMITS = {
  /**
   * A daemon begins with some 40 MiB. V8 lets the heap grow to some multiple of what lives before it collects, and keeps
   * that (SPECIFICATION.md: 75 to 95 MiB after 64 partitions have come and gone); more than this is what does not come back.
   */
  anonymousBytesMax: 128 * MIB,
} as const;

export const DAEMON_MEMORY: Invariant<Observation> = {
  name: 'daemon-memory',
  complaints: ({ host, memory }) => {
    const { anonymousBytesMax } = DAEMON_MEMORY_LIMITS;
    const anonymousBytes = memory.get(host.pid)?.anonymousBytes ?? 0;
    return anonymousBytes <= anonymousBytesMax ? [] : [`The daemon has ${anonymousBytes} bytes of memory, more than ${anonymousBytesMax}.`];
  },
};

/** Where everybody has gone. */
export const NOTHING_LEFT: Invariant<Observation> = {
  name: 'nothing-left',
  complaints: ({ partitions, contexts, adapters, pages }) => [
    ...unequal('The count of partitions', partitions.length, 0),
    ...unequal('The count of contexts', contexts.length, 0),
    ...unequal('The count of pages', pages.size, 0),
    ...adapters.flatMap(({ id, vram }) => unequal(`The video memory of ${id} that nobody has`, vram.availableBytes, vram.totalBytes)),
    ...adapters.flatMap(({ id, compute }) => unequal(`The time of ${id} that nobody has`, compute.available, compute.total)),
  ],
};
