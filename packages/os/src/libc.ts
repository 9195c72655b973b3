import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';
import { SystemCallError } from './system-call-error.ts';

/**
 * The C library's functions that this package calls. Pointers are passed as typed arrays, which
 * koffi pins for the length of the call, or as addresses.
 */
interface Libc {
  readonly koffi: typeof Koffi;
  readonly errnoNames: ReadonlyMap<number, string>;
  memfd_create(name: string, flags: number): number;
  ftruncate(fd: number, sizeBytes: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  fallocate(fd: number, mode: number, offset: number, sizeBytes: number): number;
  mmap(address: bigint, sizeBytes: number, protection: number, flags: number, fd: number, offset: number): bigint | number;
  socket(domain: number, type: number, protocol: number): number;
  socketpair(domain: number, type: number, protocol: number, fds: Int32Array): number;
  connect(fd: number, address: Uint8Array, addressBytes: number): number;
  bind(fd: number, address: Uint8Array, addressBytes: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, valueBytes: number): number;
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, valueBytes: Uint32Array): number;
  send(fd: number, bytes: Uint8Array, byteCount: number, flags: number): number;
  recv(fd: number, bytes: Uint8Array, byteCount: number, flags: number): number;
  sendmsg(fd: number, header: Uint8Array, flags: number): number;
  recvmsg(fd: number, header: Uint8Array, flags: number): number;
  shutdown(fd: number, how: number): number;
  poll(entries: Uint8Array, entryCount: number, timeoutMs: number): number;
  ppoll(entries: Uint8Array | null, entryCount: number, timeout: BigInt64Array, signalMask: null): number;
  close(fd: number): number;
  prctl(option: number, argument: number): number;
  sched_getcpu(): number;
  sched_getaffinity(thread: number, byteCount: number, mask: Uint8Array): number;
  sched_setaffinity(thread: number, byteCount: number, mask: Uint8Array): number;
  getppid(): number;
  flock(fd: number, operation: number): number;
  setitimer(which: number, next: BigInt64Array, previous: null): number;
  /** For calls that the C library has no name for everywhere. */
  syscall(call: number, first: number, second: number, third: number, fourth: number, fifth: number): number;
}

// In a CommonJS bundle `import.meta.url` is empty and `require` is there; in a module it is the other way round.
const requireHere: NodeJS.Require = typeof require === 'function' ? require : createRequire(import.meta.url);

let loaded: Libc | undefined;

/** Loads koffi on first use: importing this package costs nothing to programs that never open a GPU. */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

/** Does at a quiet moment what the first system call would do otherwise: some 5 ms. */
export function loadSystemCalls(): void {
  libc();
}

function load(): Libc {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    throw new Error(`Shared memory needs Linux on x64 or arm64 (this is ${process.platform} on ${process.arch}).`);
  }
  const koffi = requireHere('koffi') as typeof Koffi;
  const library = koffi.load(null);
  const declare = <F>(prototype: string): F => library.func(prototype) as unknown as F;
  const errnoNames = new Map<number, string>();
  // EWOULDBLOCK and EAGAIN share a value; the first name stays.
  for (const [name, value] of Object.entries(koffi.os.errno)) {
    if (!errnoNames.has(value) && name !== 'EWOULDBLOCK') errnoNames.set(value, name);
  }
  return {
    koffi,
    errnoNames,
    memfd_create: declare('int memfd_create(const char *name, unsigned int flags)'),
    ftruncate: declare('int ftruncate(int fd, int64_t length)'),
    fcntl: declare('int fcntl(int fd, int command, int argument)'),
    fallocate: declare('int fallocate(int fd, int mode, int64_t offset, int64_t length)'),
    mmap: declare('uintptr_t mmap(uintptr_t address, size_t length, int protection, int flags, int fd, int64_t offset)'),
    socket: declare('int socket(int domain, int type, int protocol)'),
    socketpair: declare('int socketpair(int domain, int type, int protocol, int *fds)'),
    connect: declare('int connect(int fd, const uint8_t *address, uint32_t length)'),
    bind: declare('int bind(int fd, const uint8_t *address, uint32_t length)'),
    setsockopt: declare('int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)'),
    getsockopt: declare('int getsockopt(int fd, int level, int name, uint8_t *value, uint32_t *length)'),
    send: declare('intptr_t send(int fd, const uint8_t *bytes, size_t length, int flags)'),
    recv: declare('intptr_t recv(int fd, uint8_t *bytes, size_t length, int flags)'),
    sendmsg: declare('intptr_t sendmsg(int fd, const uint8_t *header, int flags)'),
    recvmsg: declare('intptr_t recvmsg(int fd, uint8_t *header, int flags)'),
    shutdown: declare('int shutdown(int fd, int how)'),
    poll: declare('int poll(uint8_t *entries, unsigned long count, int timeout)'),
    ppoll: declare('int ppoll(uint8_t *entries, unsigned long count, int64_t *timeout, void *signal_mask)'),
    close: declare('int close(int fd)'),
    prctl: declare('int prctl(int option, unsigned long argument)'),
    sched_getcpu: declare('int sched_getcpu()'),
    sched_getaffinity: declare('int sched_getaffinity(int thread, size_t byteCount, uint8_t *mask)') ,
    sched_setaffinity: declare('int sched_setaffinity(int thread, size_t byteCount, const uint8_t *mask)'),
    getppid: declare('int getppid()'),
    setitimer: declare('int setitimer(int which, int64_t *next, void *previous)'),
    flock: declare('int flock(int fd, int operation)'),
    // Variadic in C; on x64 and arm64 whole numbers travel as in a call with fixed arguments.
    syscall: declare('intptr_t syscall(intptr_t call, intptr_t first, intptr_t second, intptr_t third, intptr_t fourth, intptr_t fifth)'),
  };
}

/** The error of the call that has just returned -1. Call it before anything else that may set errno. */
export function lastError(syscall: string, detail?: string): SystemCallError {
  const { koffi, errnoNames } = libc();
  const errno = koffi.errno();
  const code = errnoNames.get(errno) ?? `errno ${errno}`;
  return new SystemCallError(detail === undefined ? { syscall, code, errno } : { syscall, code, errno, detail });
}

/** Passes on a result that is not -1. */
export function checked(result: number, syscall: string, detail?: string): number {
  if (result === -1) throw lastError(syscall, detail);
  return result;
}
