/**
 * What a VF process may ask of the kernel once it has a guest: a table with a reason for each entry, from which the
 * filter, its tests and docs/hardening.md are made. It was drawn up from what VFs were seen to call after they were warm
 * (all tests of the API, both transports, Node 20 and 24, the software GPU), and from what the C library, V8 and
 * libuv do in cases that tests do not meet. What is not in the table does not exist for a VF (ENOSYS), so that
 * libraries fall back as on an older kernel.
 */
import type { CallName } from './call-numbers.ts';

export type Verdict =
  | 'allow'
  /** EPERM: a library may ask for it, and copes. */
  | 'refuse'
  /** ENOSYS: there is another way, which the library takes then. */
  | 'absent'
  /** The process ends with SIGSYS: no program of ours, no driver and no library calls this. Whoever does has taken the VF over. */
  | 'kill';

/** Of one argument, of which the kernel reads the lower 32 bits in all calls of the table. All given conditions hold together. */
export interface ArgumentTest {
  readonly argument: number;
  readonly isOneOf?: readonly number[];
  readonly hasAll?: number;
  readonly hasNoneOf?: number;
}

export interface CallRule {
  readonly calls: readonly CallName[];
  readonly verdict: Verdict;
  /** Without: always. What fits no test of any rule of its call is refused. */
  readonly if?: readonly ArgumentTest[];
  readonly why: string;
}

export interface VfKind {
  readonly pid: number;
  /** Hardware drivers open their devices again and again, and speak to them by ioctl. */
  readonly adapter: 'hardware' | 'software';
  /** It outlives its host, so it takes connections at the socket that it has. */
  readonly survives: boolean;
  /** Landlock holds it to some directories, so a driver may open files there. */
  readonly hasFileRules: boolean;
}

// From <linux/sched.h>.
const CLONE_VM = 0x100;
const CLONE_SIGHAND = 0x800;
const CLONE_THREAD = 0x10000;
/** What glibc's and musl's pthread_create ask for: memory, files, signal handlers and so on in common, and where to note the thread's number. */
const THREAD_FLAGS = 0x7d0f00;

// From <asm-generic/fcntl.h>, <linux/fcntl.h>.
const FCNTL = { F_DUPFD: 0, F_GETFD: 1, F_SETFD: 2, F_GETFL: 3, F_SETFL: 4, F_DUPFD_CLOEXEC: 1030, F_ADD_SEALS: 1033, F_GET_SEALS: 1034 } as const;
// From <asm-generic/ioctls.h>.
const IOCTL = { TCGETS: 0x5401, TIOCGWINSZ: 0x5413, FIONREAD: 0x541b, FIONBIO: 0x5421, FIONCLEX: 0x5450, FIOCLEX: 0x5451 } as const;
/** Those that type into a terminal, or have the kernel signal another process. */
const IOCTL_ATTACKS = { TIOCSTI: 0x5412, TIOCLINUX: 0x541c, FIOSETOWN: 0x8901, SIOCSPGRP: 0x8902, FIOASYNC: 0x5452 } as const;
// From <linux/prctl.h>.
const PRCTL = { PR_SET_NAME: 15, PR_GET_NAME: 16, PR_SET_TIMERSLACK: 29, PR_SET_VMA: 0x53564d41 } as const;
const PR_SET_PDEATHSIG = 1;
const AT_EMPTY_PATH = 0x1000;
const RLIMIT_FSIZE = 1;
/**
 * Linux counts the descriptors that a user's processes have sent and nobody has received yet, all processes together, and
 * refuses to send more (ETOOMANYREFS) to whoever is limited to fewer: so a VF with a guest is limited to fewer than one
 * that is about to get one, which has a descriptor to send.
 */
const RLIMIT_NOFILE = 7;
const ITIMER_REAL = 0;

/** The first rule of a call whose tests hold decides. */
export function callRules({ pid, adapter, survives, hasFileRules }: VfKind): readonly CallRule[] {
  return [...EVERY_VF, ...ownProcess(pid), ...(survives ? SURVIVOR : []), ...(adapter === 'hardware' ? hardware(hasFileRules) : SOFTWARE), ...REFUSED, ...ATTACKS];
}

const EVERY_VF: readonly CallRule[] = [
  { calls: ['read', 'readv', 'pread64', 'write', 'writev', 'pwrite64', 'close', 'dup', 'dup3', 'lseek', 'fstat'], verdict: 'allow', why: 'descriptors that the VF has: its connections, its log, a capture file' },
  { calls: ['newfstatat'], if: [{ argument: 3, hasAll: AT_EMPTY_PATH }], verdict: 'allow', why: "glibc's fstat. A path can come with the flag, and its metadata are told then" },
  { calls: ['recvfrom', 'recvmsg', 'sendto', 'sendmsg', 'shutdown', 'getsockname', 'getpeername', 'getsockopt'], verdict: 'allow', why: 'connections that it has: the guest, its host; the assignment and the aperture travel as descriptors' },
  { calls: ['poll', 'ppoll', 'epoll_ctl', 'epoll_pwait', 'epoll_pwait2', 'epoll_wait', 'epoll_create1', 'eventfd2', 'pselect6', 'select'], verdict: 'allow', why: 'event loops, and naps of the VF' },
  { calls: ['futex', 'futex_waitv', 'set_robust_list', 'rseq', 'set_tid_address', 'sched_yield', 'restart_syscall'], verdict: 'allow', why: 'locks and threads' },
  { calls: ['mmap', 'munmap', 'mprotect', 'mremap', 'madvise', 'brk', 'pkey_alloc', 'pkey_free', 'pkey_mprotect'], verdict: 'allow', why: "memory; executable too, as V8 and a software GPU compile at run time, so a taken-over VF runs any code, with this table's calls" },
  { calls: ['memfd_create', 'ftruncate'], verdict: 'allow', why: 'the aperture, and the code of a software GPU; RLIMIT_FSIZE and the memory limit bound both' },
  { calls: ['clone'], if: [{ argument: 0, hasAll: CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, hasNoneOf: ~THREAD_FLAGS >>> 0 }], verdict: 'allow', why: 'threads of V8, Dawn and drivers; no process, no namespace' },
  { calls: ['clone3'], verdict: 'absent', why: 'its flags lie in memory, where no filter can see them; the C library takes clone then' },
  { calls: ['exit', 'exit_group', 'rt_sigreturn', 'rt_sigaction', 'rt_sigprocmask', 'sigaltstack', 'rt_sigpending', 'rt_sigtimedwait'], verdict: 'allow', why: 'ends of threads, signals of its own' },
  { calls: ['clock_gettime', 'clock_getres', 'clock_nanosleep', 'nanosleep', 'gettimeofday', 'time', 'times', 'getrusage', 'sysinfo', 'uname', 'getcpu', 'getrandom'], verdict: 'allow', why: 'clocks, figures of its own, and the machine\'s size' },
  { calls: ['getpid', 'gettid', 'getppid', 'getuid', 'geteuid', 'getgid', 'getegid', 'getpgrp'], verdict: 'allow', why: 'who it is' },
  { calls: ['sched_get_priority_max', 'sched_get_priority_min', 'sched_getparam', 'sched_getscheduler'], verdict: 'allow', why: 'asked when threads are made' },
  { calls: ['fcntl'], if: [{ argument: 1, isOneOf: Object.values(FCNTL) }], verdict: 'allow', why: 'flags and seals. Not F_SETOWN and F_SETSIG, which have the kernel signal others; no locks and leases, on which others would wait' },
  { calls: ['prctl'], if: [{ argument: 0, isOneOf: Object.values(PRCTL) }], verdict: 'allow', why: 'names of threads and memory; naps' },
  { calls: ['prlimit64'], if: [{ argument: 0, isOneOf: [0] }, { argument: 1, isOneOf: [RLIMIT_FSIZE, RLIMIT_NOFILE] }], verdict: 'allow', why: 'the limits of file sizes and of open files are lowered once the aperture is there; nothing can raise them' },
];

function ownProcess(pid: number): readonly CallRule[] {
  return [
    { calls: ['kill', 'tgkill'], if: [{ argument: 0, isOneOf: [pid] }], verdict: 'allow', why: 'a VF ends by SIGKILL to itself; abort' },
    { calls: ['sched_setaffinity', 'sched_getaffinity'], if: [{ argument: 0, isOneOf: [0, pid] }], verdict: 'allow', why: 'its command thread leaves a busy processor. Other threads are refused: their numbers cannot be told from those of other processes, and they do without' },
  ];
}

const SURVIVOR: readonly CallRule[] = [
  { calls: ['listen', 'accept4', 'accept'], verdict: 'allow', why: 'a next host connects to the socket that was bound before' },
  { calls: ['prctl'], if: [{ argument: 0, isOneOf: [PR_SET_PDEATHSIG] }], verdict: 'allow', why: 'with its assignment it takes back that it dies with its host' },
  { calls: ['setitimer'], if: [{ argument: 0, isOneOf: [ITIMER_REAL] }], verdict: 'allow', why: 'the kernel ends it where no host comes' },
];

const SOFTWARE: readonly CallRule[] = [
  { calls: ['ioctl'], if: [{ argument: 1, isOneOf: Object.values(IOCTL) }], verdict: 'allow', why: 'whether a descriptor is a terminal; not blocking' },
];

/** Not measured on hardware. */
function hardware(hasFileRules: boolean): readonly CallRule[] {
  return [
    { calls: ['ioctl'], if: [{ argument: 1, isOneOf: Object.values(IOCTL_ATTACKS) }], verdict: 'kill', why: 'typing into a terminal, signals to others' },
    { calls: ['ioctl'], verdict: 'allow', why: "a driver's whole language: what the kernel driver lets a device's user do, a taken-over VF can do" },
    { calls: ['openat', 'open', 'newfstatat', 'stat', 'lstat', 'statx', 'access', 'faccessat', 'faccessat2', 'readlink', 'readlinkat', 'getdents64', 'getcwd', 'statfs', 'fstatfs'], verdict: 'allow', why: `drivers open their devices, profiles and system files late; ${hasFileRules ? 'Landlock holds that to devices and to reading' : 'nothing holds it to some files here'}` },
    { calls: ['flock', 'mlock', 'munlock', 'get_mempolicy', 'mbind', 'timerfd_create', 'timerfd_settime', 'pipe2'], verdict: 'allow', why: 'seen in drivers' },
  ];
}

const REFUSED: readonly CallRule[] = [
  { calls: ['openat', 'open', 'openat2', 'creat', 'stat', 'lstat', 'newfstatat', 'statx', 'access', 'faccessat', 'faccessat2', 'readlink', 'readlinkat', 'getdents64', 'getcwd', 'statfs', 'fstatfs'], verdict: 'refuse', why: 'files: the C library asks for the count of processors and does without' },
  { calls: ['truncate', 'rename', 'renameat', 'renameat2', 'link', 'linkat', 'unlink', 'unlinkat', 'symlink', 'symlinkat', 'mkdir', 'mkdirat', 'rmdir', 'mknod', 'mknodat', 'chmod', 'fchmod', 'fchmodat', 'chown', 'fchown', 'fchownat', 'lchown', 'utimensat', 'fallocate', 'chdir', 'fchdir', 'umask'], verdict: 'refuse', why: 'changes of files' },
  { calls: ['socket', 'socketpair', 'connect', 'bind', 'listen', 'accept', 'accept4', 'setsockopt', 'sendmmsg', 'recvmmsg'], verdict: 'refuse', why: 'network and other connections; options of sockets that it shares with its host' },
  { calls: ['fork', 'vfork', 'clone'], verdict: 'refuse', why: 'processes' },
  { calls: ['kill', 'tgkill', 'tkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo'], verdict: 'refuse', why: 'signals to others' },
  { calls: ['setpriority', 'getpriority', 'sched_setscheduler', 'sched_setparam', 'sched_setattr', 'sched_getattr', 'sched_setaffinity', 'sched_getaffinity', 'getpgid', 'getsid', 'get_robust_list', 'setpgid', 'setsid', 'wait4', 'waitid', 'prlimit64', 'setrlimit', 'getrlimit', 'prctl', 'fcntl', 'ioctl', 'setitimer', 'setuid', 'setgid', 'setresuid', 'setresgid', 'setgroups'], verdict: 'refuse', why: 'other processes, priorities, users, and all that is not named above of these' },
  { calls: ['io_uring_setup', 'io_uring_enter', 'io_uring_register'], verdict: 'absent', why: 'would do what no filter sees; libuv goes without' },
  { calls: ['shmget', 'shmat', 'semget', 'msgget', 'mq_open'], verdict: 'refuse', why: "System V's and POSIX's shared objects, which have no owner but the user" },
  { calls: ['inotify_init1', 'signalfd4', 'timer_create', 'copy_file_range', 'sendfile', 'splice', 'vmsplice', 'tee', 'sync', 'syncfs', 'fsync', 'fdatasync', 'personality', 'membarrier', 'mincore'], verdict: 'refuse', why: 'of no use to a VF' },
];

const ATTACKS: readonly CallRule[] = [
  { calls: ['execve', 'execveat'], verdict: 'kill', why: 'programs' },
  { calls: ['ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'process_mrelease', 'kcmp', 'pidfd_open', 'pidfd_getfd', 'pidfd_send_signal', 'move_pages', 'migrate_pages'], verdict: 'kill', why: 'reaching into other processes' },
  { calls: ['bpf', 'perf_event_open', 'userfaultfd', 'add_key', 'request_key', 'keyctl', 'fanotify_init', 'open_by_handle_at', 'name_to_handle_at', 'lookup_dcookie', 'modify_ldt', 'memfd_secret'], verdict: 'kill', why: 'parts of the kernel that attacks begin with' },
  { calls: ['mount', 'umount2', 'pivot_root', 'chroot', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'open_tree', 'move_mount', 'mount_setattr', 'unshare', 'setns'], verdict: 'kill', why: 'mounts and namespaces' },
  { calls: ['init_module', 'finit_module', 'delete_module', 'kexec_load', 'kexec_file_load', 'reboot', 'swapon', 'swapoff', 'acct', 'quotactl', 'syslog', 'vhangup', 'iopl', 'ioperm', 'settimeofday', 'clock_settime', 'clock_adjtime', 'sethostname', 'setdomainname'], verdict: 'kill', why: "the machine's own affairs" },
];
