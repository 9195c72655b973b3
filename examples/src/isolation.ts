import { basename } from 'node:path';
import { type MappedRegion, childrenOf, mappedRegionsOf, proportionalBytesOf, residentBytesPeakOf } from './processes.ts';

/** What only a VF may map: Dawn, a Vulkan loader, a GPU's driver or device. */
const GPU_LIBRARY = /^(dawn\.node|libvulkan.*|libvk_.*|libnvidia-.*|libcuda.*|lib(EGL|GL|GLX|GLES).*|libdrm.*|.*_dri\.so)$/;
const GPU_DEVICE = /^\/dev\/(dri|nvidia|kfd|dxg)/;

export function isGpuDriver({ path }: MappedRegion): boolean {
  return GPU_LIBRARY.test(basename(path)) || GPU_DEVICE.test(path);
}

/** The kernel's rings for asynchronous I/O are shared between a process and the kernel alone. */
const KERNEL_RING = 'anon_inode:[io_uring]';

/** Memory whose bytes another process may change. Also in a private mapping, until it is written to. */
export function isForeignWritable({ path, shared }: MappedRegion): boolean {
  return path.startsWith(MEMFD) || (shared && path !== KERNEL_RING);
}

const MEMFD = '/memfd:';

function isMemfd({ path }: MappedRegion): boolean {
  return path.startsWith(MEMFD);
}

/** The memory of a guest's VF, its largest if there were several. */
export interface VfMemory {
  residentBytesPeak: number;
  /** The largest that was seen; the kernel keeps no peak of it. */
  proportionalBytesPeak: number;
}

export interface WatchedGuest {
  readonly name: string;
  readonly pid: number;
}

/** How often something was looked at, and what was wrong. */
export class Finding {
  lookCount = 0;
  readonly violations = new Set<string>();

  look(violation: string | null): void {
    this.lookCount++;
    if (violation !== null) this.violations.add(violation);
  }

  /** Nothing wrong was seen, and something was looked at. */
  get holds(): boolean {
    return this.lookCount > 0 && this.violations.size === 0;
  }
}

/**
 * Looks at what the processes of a run map, again and again while it lasts.
 *
 * Which VF serves which guest is not asked of anyone: the two map the same memfd, and that says it.
 */
export class IsolationWatch {
  readonly guestDrivers = new Finding();
  readonly hostMemory = new Finding();
  /** Each guest's shared memory is mapped by that guest and one VF alone. */
  readonly apertures = new Finding();
  /** The drivers that guests must not have are there, in the VFs: without this the others would prove nothing. */
  readonly vfDrivers = new Finding();
  readonly memory = new Map<string, VfMemory>();
  readonly hostChildPids = new Set<number>();
  readonly #hostPid: number;
  readonly #guests: () => readonly WatchedGuest[];
  readonly #driverNames = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(hostPid: number, guests: () => readonly WatchedGuest[]) {
    this.#hostPid = hostPid;
    this.#guests = guests;
  }

  /** The guests that have been seen to have a partition. */
  get partitioned(): ReadonlySet<string> {
    return new Set(this.memory.keys());
  }

  /** The libraries by which the VFs reach the GPU. */
  get driverNames(): readonly string[] {
    return [...this.#driverNames].sort();
  }

  start(everyMs: number): void {
    this.#timer = setInterval(() => this.look(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    this.#lookAtHost();
    const owners = new Map<string, WatchedGuest>();
    for (const guest of this.#guests()) this.#lookAtGuest(guest, owners);
    const servers = new Map<string, number>();
    for (const vfPid of childrenOf(this.#hostPid)) this.#lookAtVf(vfPid, owners, servers);
  }

  #lookAtHost(): void {
    const regions = mappedRegionsOf(this.#hostPid);
    if (regions.length === 0) return;
    const wrong = regions.find((region) => isForeignWritable(region) || isGpuDriver(region));
    this.hostMemory.look(wrong === undefined ? null : `The host process maps ${wrong.path}.`);
  }

  #lookAtGuest(guest: WatchedGuest, owners: Map<string, WatchedGuest>): void {
    const regions = mappedRegionsOf(guest.pid);
    if (regions.length === 0) return;
    const driver = regions.find(isGpuDriver);
    this.guestDrivers.look(driver === undefined ? null : `Guest ${guest.name} maps ${driver.path}.`);
    for (const file of new Set(regions.filter(isMemfd).map((region) => region.file))) {
      const other = owners.get(file);
      this.apertures.look(other === undefined ? null : `Guests ${other.name} and ${guest.name} map the same memory.`);
      owners.set(file, guest);
    }
  }

  #lookAtVf(pid: number, owners: ReadonlyMap<string, WatchedGuest>, servers: Map<string, number>): void {
    this.hostChildPids.add(pid);
    const regions = mappedRegionsOf(pid);
    const sharedFiles = [...new Set(regions.map((region) => region.file))].filter((file) => owners.has(file));
    const guests = new Set(sharedFiles.map((file) => owners.get(file) as WatchedGuest));
    const [guest] = guests;
    // It shares nothing yet, or not any more.
    if (guest === undefined) return;
    const drivers = regions.filter(isGpuDriver).map((region) => basename(region.path));
    for (const name of drivers) this.#driverNames.add(name);
    this.vfDrivers.look(drivers.includes('dawn.node') ? null : `VF process ${pid} does not map dawn.node.`);
    this.apertures.look(guests.size === 1 ? null : `VF process ${pid} maps memory of ${guests.size} guests.`);
    for (const file of sharedFiles) {
      const other = servers.get(file);
      if (other !== undefined) this.apertures.look(`VF processes ${other} and ${pid} map the same memory.`);
      servers.set(file, pid);
    }
    this.#measure(guest, pid);
  }

  #measure({ name }: WatchedGuest, vfPid: number): void {
    const peak = this.memory.get(name) ?? { residentBytesPeak: 0, proportionalBytesPeak: 0 };
    peak.residentBytesPeak = Math.max(peak.residentBytesPeak, residentBytesPeakOf(vfPid) ?? 0);
    peak.proportionalBytesPeak = Math.max(peak.proportionalBytesPeak, proportionalBytesOf(vfPid) ?? 0);
    this.memory.set(name, peak);
  }
}
