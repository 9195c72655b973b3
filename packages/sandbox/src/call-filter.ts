/** Makes the filter of a table of rules: a program that gives the kernel a verdict on each system call. */
import { type Instruction, type Line, assemble } from './bpf.ts';
import { type CallName, type Machine, callNumber } from './call-numbers.ts';
import type { ArgumentTest, CallRule, Verdict } from './call-rules.ts';

// From <linux/seccomp.h>.
const RET_KILL_PROCESS = 0x80000000;
const RET_ERRNO = 0x00050000;
const RET_ALLOW = 0x7fff0000;
const EPERM = 1;
const ENOSYS = 38;

export const VERDICT_WORDS: Readonly<Record<Verdict, number>> = { allow: RET_ALLOW, refuse: RET_ERRNO | EPERM, absent: RET_ERRNO | ENOSYS, kill: RET_KILL_PROCESS };

/** AUDIT_ARCH_… of <linux/audit.h>. */
export const ARCHITECTURES: Readonly<Record<Machine, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };
/** Above, x64 has the x32 interface: the same calls by other numbers. */
const X32_BIT = 0x40000000;

// struct seccomp_data.
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const ARGUMENTS_AT = 16;
const ARGUMENT_BYTES = 8;

export function callFilter(rules: readonly CallRule[], machine: Machine): readonly Instruction[] {
  const { tested, plain } = sorted(rules, machine);
  return assemble([
    { op: 'load', offset: ARCHITECTURE_AT },
    { op: 'jump', if: 'equal', k: ARCHITECTURES[machine], otherwise: 'foreign' },
    { op: 'load', offset: NUMBER_AT },
    { op: 'jump', if: 'at-least', k: X32_BIT, otherwise: 'native' },
    { op: 'label', name: 'foreign' },
    verdict('kill'),
    { op: 'label', name: 'native' },
    // The kernel remembers the verdicts of calls whose arguments do not matter, so these come last.
    ...[...tested].flatMap(([number, of]) => callLines(number, of)),
    ...rangesOf(plain).flatMap(rangeLines),
    verdict('absent'),
  ]);
}

interface Sorted {
  readonly tested: ReadonlyMap<number, readonly CallRule[]>;
  readonly plain: ReadonlyMap<number, Verdict>;
}

/** By call: those whose rules ask for arguments, and those that have one verdict. */
function sorted(rules: readonly CallRule[], machine: Machine): Sorted {
  const byCall = new Map<number, CallRule[]>();
  for (const rule of rules) {
    for (const call of rule.calls as readonly CallName[]) {
      const number = callNumber(call, machine);
      if (number !== null) byCall.set(number, [...(byCall.get(number) ?? []), rule]);
    }
  }
  const entries = [...byCall].sort(([one], [other]) => one - other);
  return {
    tested: new Map(entries.filter(([, [first]]) => first?.if !== undefined)),
    plain: new Map(entries.flatMap(([number, [first]]) => (first === undefined || first.if !== undefined ? [] : [[number, first.verdict]]))),
  };
}

function callLines(number: number, rules: readonly CallRule[]): readonly Line[] {
  const next = `after-${number}`;
  return [
    { op: 'jump', if: 'equal', k: number, otherwise: next },
    ...rules.flatMap((rule, index) => ruleLines(rule, `${number}-${index}`)),
    verdict('refuse'),
    { op: 'label', name: next },
  ];
}

function ruleLines(rule: CallRule, name: string): readonly Line[] {
  return [...(rule.if ?? []).flatMap((test, index) => testLines(test, `${name}-${index}`, name)), verdict(rule.verdict), { op: 'label', name }];
}

/** Goes on where the test holds, else to the label. */
function testLines({ argument, isOneOf, hasAll, hasNoneOf }: ArgumentTest, name: string, otherwise: string): readonly Line[] {
  const lines: Line[] = [{ op: 'load', offset: ARGUMENTS_AT + argument * ARGUMENT_BYTES }];
  if (hasNoneOf !== undefined) lines.push({ op: 'jump', if: 'has-any-bit', k: hasNoneOf, to: otherwise });
  for (const bit of bitsOf(hasAll ?? 0)) lines.push({ op: 'jump', if: 'has-any-bit', k: bit, otherwise });
  if (isOneOf === undefined) return lines;
  for (const value of isOneOf.slice(0, -1)) lines.push({ op: 'jump', if: 'equal', k: value, to: name });
  lines.push({ op: 'jump', if: 'equal', k: isOneOf.at(-1) as number, otherwise }, { op: 'label', name });
  return lines;
}

function bitsOf(mask: number): readonly number[] {
  return Array.from({ length: 32 }, (_, index) => (1 << index) >>> 0).filter((bit) => (mask & bit) !== 0);
}

interface Range {
  readonly first: number;
  readonly last: number;
  readonly verdict: Verdict;
}

function rangesOf(plain: ReadonlyMap<number, Verdict>): readonly Range[] {
  const ranges: Range[] = [];
  for (const [number, verdictOf] of plain) {
    const before = ranges.at(-1);
    if (before?.last === number - 1 && before.verdict === verdictOf) ranges[ranges.length - 1] = { ...before, last: number };
    else ranges.push({ first: number, last: number, verdict: verdictOf });
  }
  return ranges;
}

function rangeLines({ first, last, verdict: of }: Range): readonly Line[] {
  const name = `after-${first}`;
  const test: readonly Line[] =
    first === last
      ? [{ op: 'jump', if: 'equal', k: first, otherwise: name }]
      : [
          { op: 'jump', if: 'at-least', k: first, otherwise: name },
          { op: 'jump', if: 'greater', k: last, to: name },
        ];
  return [...test, verdict(of), { op: 'label', name }];
}

function verdict(of: Verdict): Line {
  return { op: 'return', verdict: VERDICT_WORDS[of] };
}
