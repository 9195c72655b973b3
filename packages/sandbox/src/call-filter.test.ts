import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { encodeProgram } from './bpf.ts';
import { ARCHITECTURES, VERDICT_WORDS, callFilter } from './call-filter.ts';
import { CALL_NAMES, type CallName, type Machine, callNumber } from './call-numbers.ts';
import { type CallRule, type Verdict, type VfKind, callRules } from './call-rules.ts';
import { decodeProgram, runProgram } from './testing/bpf-model.ts';

const PID = 4321;
const KINDS: readonly VfKind[] = [
  { pid: PID, adapter: 'software', survives: false, hasFileRules: true },
  { pid: PID, adapter: 'software', survives: true, hasFileRules: true },
  { pid: PID, adapter: 'hardware', survives: true, hasFileRules: true },
];
const [PLAIN, SURVIVOR, HARDWARE] = KINDS as [VfKind, VfKind, VfKind];

function filterOf(kind: VfKind, machine: Machine = 'x64'): (name: CallName, ...args: (number | bigint)[]) => Verdict {
  const program = decodeProgram(encodeProgram(callFilter(callRules(kind), machine)));
  return (name, ...args) => {
    const number = callNumber(name, machine);
    ok(number !== null);
    return verdictOf(runProgram(program, { number, architecture: ARCHITECTURES[machine], arguments: args.map(BigInt) }));
  };
}

function verdictOf(word: number): Verdict {
  return (Object.keys(VERDICT_WORDS) as Verdict[]).find((verdict) => VERDICT_WORDS[verdict] === word) as Verdict;
}

/** The table, read as its comments say. */
function naive(rules: readonly CallRule[], name: CallName, args: readonly bigint[]): Verdict {
  const own = rules.filter(({ calls }) => calls.includes(name));
  const low = (index: number): number => Number(BigInt.asUintN(32, args[index] ?? 0n));
  const found = own.find((rule) =>
    (rule.if ?? []).every(({ argument, isOneOf, hasAll = 0, hasNoneOf = 0 }) => {
      const value = low(argument);
      return (isOneOf?.includes(value) ?? true) && (value & hasAll) >>> 0 === hasAll && (value & hasNoneOf) === 0;
    }),
  );
  return found?.verdict ?? (own.length > 0 ? 'refuse' : 'absent');
}

const INTERESTING = [0n, 1n, 2n, 3n, 10n, BigInt(PID), BigInt(PID + 1), 0x1000n, 0x3d0f00n, 0x7d0f00n, 0x11n, 0x10000000n, 0x5401n, 0x5412n, 0x8901n, 1033n, 0xffffffffn, 2n ** 64n - 1n, 2n ** 32n];

for (const seed of seeds(3, 2026)) {
  test(`the program agrees with the table over all calls, random arguments and both machines, seed ${seed}`, () => {
    const random = new Random(seed);
    const argument = (): bigint => {
      const base = INTERESTING[random.below(INTERESTING.length)] as bigint;
      return random.below(4) === 0 ? base | (BigInt(random.word()) << 32n) : base;
    };
    for (const machine of ['x64', 'arm64'] as const) {
      for (const kind of KINDS) {
        const filter = filterOf(kind, machine);
        const rules = callRules(kind);
        for (const name of CALL_NAMES.filter((each) => callNumber(each, machine) !== null)) {
          for (let round = 0; round < 40; round++) {
            const args = Array.from({ length: 6 }, argument);
            equal(filter(name, ...args), naive(rules, name, args), `${machine} ${name}(${args.join(', ')})`);
          }
        }
      }
    }
  });
}

test('calls that no rule knows are absent, those of another architecture or of x32 are attacks', () => {
  const program = callFilter(callRules(PLAIN), 'x64');
  const verdict = (number: number, architecture: number): Verdict => verdictOf(runProgram(program, { number, architecture, arguments: [] }));
  const X32 = 0x40000000;
  deepEqual(
    [verdict(499, ARCHITECTURES.x64), verdict(0, ARCHITECTURES.x64), verdict(X32, ARCHITECTURES.x64), verdict(X32 - 1, ARCHITECTURES.x64), verdict(0xffffffff, ARCHITECTURES.x64), verdict(0, ARCHITECTURES.arm64), verdict(3, 0x40000003)],
    ['absent', 'allow', 'kill', 'absent', 'kill', 'kill', 'kill'],
  );
});

test('a thread can be made, a process or a namespace cannot', () => {
  const filter = filterOf(PLAIN);
  const [GLIBC_THREAD, MUSL_THREAD, FORK, VFORK, NEWUSER] = [0x3d0f00, 0x7d0f00, 0x1200011, 0x4111, 0x10000011];
  deepEqual([GLIBC_THREAD, MUSL_THREAD, FORK, VFORK, NEWUSER, GLIBC_THREAD | 0x10000000].map((flags) => filter('clone', flags)), ['allow', 'allow', 'refuse', 'refuse', 'refuse', 'refuse']);
  equal(filter('clone3'), 'absent');
});

test('signals go to the process itself only, whatever the upper half of the argument says', () => {
  const filter = filterOf(PLAIN);
  const ALL_OTHERS = 2n ** 64n - 1n;
  deepEqual([PID, PID - 1, 0, -PID >>> 0, ALL_OTHERS, BigInt(PID) | (1n << 40n)].map((pid) => filter('kill', pid, 9)), ['allow', 'refuse', 'refuse', 'refuse', 'refuse', 'allow']);
});

test('only a VF that survives listens, accepts and outlives its parent', () => {
  const asked = (kind: VfKind): readonly Verdict[] => {
    const filter = filterOf(kind);
    return [filter('listen', 5), filter('accept4', 5), filter('prctl', 1), filter('setitimer', 0), filter('bind', 5), filter('connect', 5), filter('socket', 1)];
  };
  deepEqual(asked(PLAIN), Array(7).fill('refuse'));
  deepEqual(asked(SURVIVOR), ['allow', 'allow', 'allow', 'allow', 'refuse', 'refuse', 'refuse']);
});

test("a software VF opens nothing; a hardware VF opens, and speaks to devices, but types into no terminal", () => {
  const asked = (kind: VfKind): readonly Verdict[] => {
    const filter = filterOf(kind);
    return [filter('openat', 0), filter('openat2', 0), filter('ioctl', 3, 0x5421), filter('ioctl', 3, 0xc0406440), filter('ioctl', 3, 0x5412), filter('unlink', 0)];
  };
  deepEqual(asked(PLAIN), ['refuse', 'refuse', 'allow', 'refuse', 'refuse', 'refuse']);
  deepEqual(asked(HARDWARE), ['allow', 'refuse', 'allow', 'allow', 'kill', 'refuse']);
});

test('programs and other processes are attacks, on every kind of VF', () => {
  for (const kind of KINDS) {
    const filter = filterOf(kind);
    deepEqual((['execve', 'execveat', 'ptrace', 'process_vm_readv', 'bpf', 'mount', 'unshare', 'pidfd_getfd'] as const).map((name) => filter(name)), Array(8).fill('kill'));
  }
});

test('every rule has a reason, and no call has two unconditional verdicts in one list', () => {
  for (const kind of KINDS) {
    for (const { why, calls } of callRules(kind)) ok(why.length > 5 && calls.length === new Set(calls).size, calls.join());
  }
});
