/** What code that has taken a VF over would do in C, in as few words. */
import { type NativeFunction, mapPrivatePages, nativeFunction, nativeMemory, systemCall } from '@gpup/os';

/** On x64, where the attack suite runs. Those that VFs know of are in the sandbox's table; these are the attackers'. */
export const CALLS = {
  open: 2, mprotect: 10, ioctl: 16, shmget: 29, shmctl: 31, setitimer: 38, socket: 41, connect: 42, sendto: 44, bind: 49, listen: 50, clone: 56, execve: 59, exit: 60,
  kill: 62, fcntl: 72, rename: 82, mkdir: 83, unlink: 87, symlink: 88, chmod: 90, fchown: 93, ptrace: 101, setuid: 105, syslog: 103, mknod: 133, setpriority: 141,
  prctl: 157, chroot: 161, mount: 165, sethostname: 170, exit_group: 231, sched_setaffinity: 203, mq_open: 240, mq_unlink: 241, add_key: 248, inotify_init1: 294, unshare: 272,
  perf_event_open: 298, prlimit64: 302, name_to_handle_at: 303, process_vm_readv: 310, memfd_create: 319, bpf: 321, execveat: 322, userfaultfd: 323, statx: 332,
  pidfd_send_signal: 424, io_uring_setup: 425, pidfd_open: 434, clone3: 435, pidfd_getfd: 438, process_madvise: 440,
} as const;
export type AttackCall = keyof typeof CALLS;

/** Throws with the errno's name where the kernel refuses. */
export function call(name: AttackCall, ...args: readonly (number | string | Uint8Array)[]): number {
  return systemCall(name, CALLS[name], ...args.map(argumentOf));
}

/** Kept, as the kernel may read what lies there after the call. */
const kept: unknown[] = [];

function argumentOf(value: number | string | Uint8Array): number {
  if (typeof value === 'number') return value;
  const bytes = typeof value === 'string' ? new TextEncoder().encode(`${value}\0`) : value;
  const memory = nativeMemory(Math.max(bytes.length, 64));
  new Uint8Array(memory.fields.buffer).set(bytes);
  kept.push(memory);
  return memory.address;
}

export function words32(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values.map((value) => value >>> 0)).buffer);
}

export function words64(...values: readonly (number | bigint)[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values.map(BigInt)).buffer);
}

/** An address that holds what is given, for structures that point to others. */
export function addressOfBytes(bytes: Uint8Array | string): number {
  return argumentOf(bytes);
}

const AF_UNIX = 1;
const AF_INET = 2;

export function inetAddress(port: number): Uint8Array {
  const fields = new DataView(new ArrayBuffer(16));
  fields.setUint16(0, AF_INET, true);
  fields.setUint16(2, port);
  fields.setUint32(4, 0x7f000001);
  return new Uint8Array(fields.buffer);
}

/** A name that begins with a zero is abstract. */
export function unixAddress(path: string): Uint8Array {
  return new Uint8Array([AF_UNIX, 0, ...new TextEncoder().encode(path)]);
}

/** Runs machine code: nothing forbids it, as drivers compile. */
function runCode(code: readonly number[]): number {
  const pages = mapPrivatePages(4096);
  new Uint8Array(pages.fields.buffer).set(code);
  const PROT_READ_EXEC = 5;
  systemCall('mprotect', CALLS.mprotect, pages.address, 4096, PROT_READ_EXEC);
  return pages.address;
}

/** int 0x80 has the numbers of 32-bit programs: 20 is getpid there, and writev here. */
export function compatGetpid(): number {
  const code = [0x53, 0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0x5b, 0xc3]; // push rbx; mov eax, 20; int 0x80; pop rbx; ret
  const getpid: NativeFunction = nativeFunction(runCode(code), 'int32_t', []);
  const pid = getpid();
  if (pid !== process.pid) throw new Error(`It answers ${pid}.`);
  return pid;
}
