/**
 * What a VF that a guest has taken over might try: each attack is run inside of a real VF process that has a guest, with
 * all that it holds, once as it is with isolation off, where it must succeed, and once confined, where it must fail.
 * docs/hardening.md has its table from here.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nativeMemory } from '@gpup/os';
import { addressOfBytes, call, compatGetpid, inetAddress, unixAddress, words32, words64 } from './native.ts';

/** Whom it is aimed at. */
export interface Targets {
  /** A process of the same user that is none of ours: as another VF would be. */
  readonly victimPid: number;
  /** An address in the victim, and what stands there. */
  readonly victimAddress: number;
  readonly victimWord: number;
  readonly hostPid: number;
  readonly apiSocketPath: string;
  readonly abstractName: string;
  readonly tcpPort: number;
  /** May be written to. */
  readonly directory: string;
  readonly secretPath: string;
}

/** refused: the call fails. ended: the kernel ends the VF. */
export type Fall = 'refused' | 'ended';

export interface Attack {
  readonly name: string;
  readonly kind: 'network' | 'files' | 'processes' | 'kernel' | 'resources';
  readonly falls: Fall;
  /** By what. */
  readonly by: string;
  /** Without it the attack fails anyhow. */
  readonly needsRoot?: true;
  /** So many must be allowed without isolation. */
  readonly needsOpenFiles?: number;
  /** The kernel must have the 32-bit interface, which a machine can be started without. */
  readonly needsCompatCalls?: true;
  /** The process is another one, or none, afterwards. */
  readonly spoils?: true;
  /** It succeeds by ending the process in this way, and not by going on. */
  readonly endsBy?: number | NodeJS.Signals;
  /** It has succeeded where a file of such a name lies in the working directory afterwards. */
  readonly leaves?: RegExp;
  /** Throws where it fails. */
  readonly run: (targets: Targets) => void | Promise<void>;
}

const AF_INET = 2;
const AF_UNIX = 1;
const AF_NETLINK = 16;
const AF_PACKET = 17;
const [STREAM, DATAGRAM, RAW] = [1, 2, 3];
const SIGCHLD = 17;
const SIGNAL_ZERO = 0;
const SIGURG = 23;
const O_CREAT_RDWR = 0o102;
const CLONE_NEWUSER = 0x10000000;
const CLONE_NEWNS = 0x20000;
const AT_FDCWD = -100;
const STDERR_FD = 2;
const RLIMIT_FSIZE = 1;
/** RLIM_INFINITY. */
const INFINITE = 2n ** 64n - 1n;

/** In a process that has just been made, nothing is done but to end it. */
function endIfChild(pid: number): void {
  if (pid === 0) call('exit_group', 0);
}

/** What an attacker may have brought along: a confined VF reads no file. */
const PROGRAM = readFileSync('/bin/true');
const HOST_NAME = readFileSync('/proc/sys/kernel/hostname').subarray(0, -1);

function sendDatagram(port: number): void {
  const fd = call('socket', AF_INET, DATAGRAM, 0);
  call('connect', fd, inetAddress(port), 16);
  call('sendto', fd, 'x', 1, 0, 0);
}

function connectUnix(path: string): void {
  const address = unixAddress(path);
  call('connect', call('socket', AF_UNIX, STREAM, 0), address, address.length);
}

const NETWORK: readonly Attack[] = [
  { name: 'connect to a TCP port', kind: 'network', falls: 'refused', by: 'system-calls, files', run: ({ tcpPort }) => void call('connect', call('socket', AF_INET, STREAM, 0), inetAddress(tcpPort), 16) },
  {
    name: 'listen at a TCP port', kind: 'network', falls: 'refused', by: 'system-calls, files',
    run() {
      const fd = call('socket', AF_INET, STREAM, 0);
      call('bind', fd, inetAddress(0), 16);
      call('listen', fd, 1);
    },
  },
  { name: 'send a UDP datagram', kind: 'network', falls: 'refused', by: 'system-calls', run: ({ tcpPort }) => sendDatagram(tcpPort) },
  { name: 'open a raw packet socket', kind: 'network', falls: 'refused', by: 'system-calls, capabilities', needsRoot: true, run: () => void call('socket', AF_PACKET, RAW, 0) },
  { name: "ask the kernel's network by netlink", kind: 'network', falls: 'refused', by: 'system-calls', run: () => void call('socket', AF_NETLINK, RAW, 0) },
  { name: "connect to the API's socket, or another partition's", kind: 'network', falls: 'refused', by: 'system-calls', run: ({ apiSocketPath }) => connectUnix(apiSocketPath) },
  { name: 'connect to an abstract socket', kind: 'network', falls: 'refused', by: 'system-calls, files', run: ({ abstractName }) => connectUnix(`\0${abstractName}`) },
  {
    name: 'listen at a socket of its own', kind: 'network', falls: 'refused', by: 'system-calls, files',
    run({ directory }) {
      const address = unixAddress(join(directory, 'attack.sock'));
      const fd = call('socket', AF_UNIX, STREAM, 0);
      call('bind', fd, address, address.length);
      call('listen', fd, 1);
    },
  },
];

const FILES: readonly Attack[] = [
  { name: "read a file of the host's user", kind: 'files', falls: 'refused', by: 'system-calls, files', run: ({ secretPath }) => void readFileSync(secretPath) },
  { name: 'the same on another thread', kind: 'files', falls: 'refused', by: 'system-calls, files', run: async ({ secretPath }) => void (await readFile(secretPath)) },
  { name: 'write over a file', kind: 'files', falls: 'refused', by: 'system-calls, files', run: ({ secretPath }) => writeFileSync(secretPath, readFileSync(secretPath)) },
  { name: 'make a file', kind: 'files', falls: 'refused', by: 'system-calls, files', run: ({ directory }) => closeSync(call('open', join(directory, 'attack.file'), O_CREAT_RDWR, 0o600)) },
  { name: 'make a folder', kind: 'files', falls: 'refused', by: 'system-calls, files', run: ({ directory }) => void call('mkdir', join(directory, 'attack.folder'), 0o700) },
  { name: 'make a link', kind: 'files', falls: 'refused', by: 'system-calls, files', run: ({ directory }) => void call('symlink', '/etc/passwd', join(directory, 'attack.link')) },
  { name: 'rename a file', kind: 'files', falls: 'refused', by: 'system-calls, files', run: ({ directory }) => void call('rename', join(directory, 'to-rename'), join(directory, 'renamed')) },
  { name: 'remove a file', kind: 'files', falls: 'refused', by: 'system-calls, files', run: ({ directory }) => void call('unlink', join(directory, 'to-remove')) },
  { name: "change a file's mode", kind: 'files', falls: 'refused', by: 'system-calls', run: ({ directory }) => void call('chmod', join(directory, 'to-change'), 0o777) },
  { name: "change the owner of its log", kind: 'files', falls: 'refused', by: 'system-calls, capabilities', needsRoot: true, run: () => void call('fchown', STDERR_FD, 12345, 12345) },
  { name: 'make a device', kind: 'files', falls: 'refused', by: 'system-calls, files, capabilities', needsRoot: true, run: ({ directory }) => void call('mknod', join(directory, 'attack.device'), 0o20600, 0x103) },
  { name: 'list all processes in /proc', kind: 'files', falls: 'refused', by: 'system-calls, files', run: () => void readdirSync('/proc') },
  { name: "read another process's memory map", kind: 'files', falls: 'refused', by: 'system-calls, files', run: ({ victimPid }) => void readFileSync(`/proc/${victimPid}/maps`) },
  { name: "read another process's environment", kind: 'files', falls: 'refused', by: 'system-calls, files', run: ({ hostPid }) => void readFileSync(`/proc/${hostPid}/environ`) },
  { name: "open another process's memory", kind: 'files', falls: 'refused', by: 'system-calls, files', run: ({ victimPid }) => closeSync(openSync(`/proc/${victimPid}/mem`, 'r')) },
  { name: 'watch folders', kind: 'files', falls: 'refused', by: 'system-calls', run: () => void call('inotify_init1', 0) },
];

const PROCESSES: readonly Attack[] = [
  { name: 'ask whether another process lives', kind: 'processes', falls: 'refused', by: 'system-calls, files', run: ({ victimPid }) => void call('kill', victimPid, SIGNAL_ZERO) },
  { name: 'signal another VF', kind: 'processes', falls: 'refused', by: 'system-calls, files', run: ({ victimPid }) => void call('kill', victimPid, SIGURG) },
  { name: 'signal the daemon', kind: 'processes', falls: 'refused', by: 'system-calls, files', run: ({ hostPid }) => void call('kill', hostPid, SIGURG) },
  { name: 'signal through a process descriptor', kind: 'processes', falls: 'ended', by: 'system-calls, files', run: ({ victimPid }) => void call('pidfd_send_signal', call('pidfd_open', victimPid, 0), SIGURG, 0, 0) },
  {
    name: 'have the kernel signal another process when a socket has data', kind: 'processes', falls: 'refused', by: 'system-calls, files',
    run({ victimPid }) {
      const F_SETOWN = 8;
      call('fcntl', 3, F_SETOWN, victimPid);
    },
  },
  { name: 'trace another process', kind: 'processes', falls: 'ended', by: 'system-calls, files', run: ({ victimPid }) => void call('ptrace', 0x4206, victimPid, 0, 0) },
  {
    name: "read another process's memory", kind: 'processes', falls: 'ended', by: 'system-calls, files',
    run({ victimPid, victimAddress, victimWord }) {
      const here = nativeMemory(64);
      call('process_vm_readv', victimPid, words64(here.address, 4), 1, words64(victimAddress, 4), 1);
      const found = here.fields.getUint32(0, true);
      if (found !== victimWord) throw new Error(`It reads ${found}, not ${victimWord}.`);
    },
  },
  { name: "take another process's descriptor", kind: 'processes', falls: 'ended', by: 'system-calls, files', run: ({ victimPid }) => closeSync(call('pidfd_getfd', call('pidfd_open', victimPid, 0), 0, 0)) },
  { name: "change another process's priority", kind: 'processes', falls: 'refused', by: 'system-calls', run: ({ victimPid }) => void call('setpriority', 0, victimPid, 1) },
  { name: "pin another process to a processor", kind: 'processes', falls: 'refused', by: 'system-calls', run: ({ victimPid }) => void call('sched_setaffinity', victimPid, 8, words64(1)) },
  { name: "lower another process's limits", kind: 'processes', falls: 'refused', by: 'system-calls', run: ({ victimPid }) => void call('prlimit64', victimPid, 4, words64(0, 0), 0) },
  { name: 'start a process', kind: 'processes', falls: 'refused', by: 'system-calls', run: () => endIfChild(call('clone', SIGCHLD, 0, 0, 0)) },
  { name: 'start a process by clone3', kind: 'processes', falls: 'refused', by: 'system-calls', run: () => endIfChild(call('clone3', words64(0, 0, 0, 0, SIGCHLD, 0, 0, 0), 64)) },
  { name: 'start a program', kind: 'processes', falls: 'ended', by: 'system-calls, files', endsBy: 0, run: () => void call('execve', '/bin/true', words64(addressOfBytes('true'), 0), words64(0)) },
  {
    name: 'start a program that is in memory', kind: 'processes', falls: 'ended', by: 'system-calls', endsBy: 0,
    run() {
      const AT_EMPTY_PATH = 0x1000;
      const fd = call('memfd_create', 'attack', 0);
      writeSync(fd, PROGRAM);
      call('execveat', fd, '', words64(addressOfBytes('true'), 0), words64(0), AT_EMPTY_PATH);
    },
  },
  { name: 'outlive its host', kind: 'processes', falls: 'refused', by: 'system-calls', run: () => void call('prctl', 1, 0) },
];

const KERNEL: readonly Attack[] = [
  { name: 'a new user namespace', kind: 'kernel', falls: 'refused', by: 'system-calls', run: () => endIfChild(call('clone', CLONE_NEWUSER | SIGCHLD, 0, 0, 0)) },
  { name: 'a new mount namespace', kind: 'kernel', falls: 'ended', by: 'system-calls, capabilities', needsRoot: true, spoils: true, run: () => void call('unshare', CLONE_NEWNS) },
  { name: 'mount a file system', kind: 'kernel', falls: 'ended', by: 'system-calls, files, capabilities', needsRoot: true, run: ({ directory }) => void call('mount', 'attack', join(directory, 'mount-point'), 'tmpfs', 0, 0) },
  { name: 'change the root folder', kind: 'kernel', falls: 'ended', by: 'system-calls, capabilities', needsRoot: true, spoils: true, run: ({ directory }) => void call('chroot', directory) },
  { name: 'a BPF map', kind: 'kernel', falls: 'ended', by: 'system-calls, capabilities', needsRoot: true, run: () => closeSync(call('bpf', 0, words32(2, 4, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 48)) },
  { name: 'a performance counter', kind: 'kernel', falls: 'ended', by: 'system-calls, capabilities', needsRoot: true, run: () => closeSync(call('perf_event_open', perfAttributes(), 0, -1, -1, 0)) },
  { name: 'a userfaultfd', kind: 'kernel', falls: 'ended', by: 'system-calls', run: () => closeSync(call('userfaultfd', 1)) },
  { name: "a key in the kernel's keyring", kind: 'kernel', falls: 'ended', by: 'system-calls', run: () => void call('add_key', 'user', 'gpup-attack', 'x', 1, -2) },
  { name: "the handle of a file", kind: 'kernel', falls: 'ended', by: 'system-calls', run: ({ secretPath }) => void call('name_to_handle_at', AT_FDCWD, secretPath, words32(128, ...Array(40).fill(0)), addressOfBytes(new Uint8Array(8)), 0) },
  { name: 'shared memory of System V', kind: 'kernel', falls: 'refused', by: 'system-calls', run: () => void call('shmctl', call('shmget', 0, 4096, 0o1600), 0, 0) },
  { name: 'a message queue', kind: 'kernel', falls: 'refused', by: 'system-calls', run: () => void call('mq_unlink', makeQueue('gpup-attack')) },
  { name: "the kernel's log", kind: 'kernel', falls: 'ended', by: 'system-calls, capabilities', needsRoot: true, run: () => void call('syslog', 10, 0, 0) },
  { name: "the machine's name", kind: 'kernel', falls: 'ended', by: 'system-calls, capabilities', needsRoot: true, run: () => void call('sethostname', HOST_NAME, HOST_NAME.length) },
  { name: 'become another user', kind: 'kernel', falls: 'refused', by: 'system-calls, capabilities', needsRoot: true, spoils: true, run: () => void call('setuid', 12345) },
  { name: 'a system call of the 32-bit interface', kind: 'kernel', falls: 'ended', by: 'system-calls', needsCompatCalls: true, run: () => void compatGetpid() },
];

const RESOURCES: readonly Attack[] = [
  { name: 'dump its memory into a file', kind: 'resources', falls: 'refused', by: 'resource-limits', endsBy: 'SIGSEGV', leaves: /^core/, run: () => void call('kill', process.pid, 11) },
  {
    name: 'fill the disk through its log', kind: 'resources', falls: 'refused', by: 'resource-limits',
    run() {
      const GREAT_BYTES = 1 << 30;
      ftruncateSync(STDERR_FD, GREAT_BYTES);
      ftruncateSync(STDERR_FD, 0);
    },
  },
  {
    name: 'open ten thousand files', kind: 'resources', falls: 'refused', by: 'resource-limits', needsOpenFiles: 11_000,
    run() {
      const fds: number[] = [];
      try {
        for (let count = 0; count < 10_000; count++) fds.push(call('fcntl', 3, 0, 3));
      } finally {
        for (const fd of fds) closeSync(fd);
      }
    },
  },
  { name: 'raise its limits', kind: 'resources', falls: 'refused', by: 'resource-limits, capabilities', run: raiseLimits },
];

/** First, as processes started after a confined one have none in any case. */
const IO_URING: Attack = { name: 'an io_uring', kind: 'kernel', falls: 'refused', by: 'system-calls', run: () => closeSync(call('io_uring_setup', 1, new Uint8Array(120))) };

export const ATTACKS: readonly Attack[] = [IO_URING, ...NETWORK, ...FILES, ...PROCESSES, ...KERNEL, ...RESOURCES];

/** struct perf_event_attr: software, size, the clock of this thread. */
function perfAttributes(): Uint8Array {
  const bytes = new Uint8Array(128);
  bytes.set(words32(1, 128), 0);
  return bytes;
}

function makeQueue(name: string): string {
  closeSync(call('mq_open', name, O_CREAT_RDWR, 0o600, 0));
  return name;
}

/** Of the sizes of its files, which have none where nothing is isolated. */
function raiseLimits(): void {
  const limit = nativeMemory(16);
  for (const at of [0, 8]) limit.fields.setBigUint64(at, INFINITE, true);
  call('prlimit64', 0, RLIMIT_FSIZE, limit.address, 0);
}
