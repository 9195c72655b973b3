import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { type Comparison, INSTRUCTIONS_MAX, JUMP_MAX, type Line, assemble, encodeProgram } from './bpf.ts';
import { type Call, decodeProgram, runProgram } from './testing/bpf-model.ts';

const ALLOW: Line = { op: 'return', verdict: 0x7fff0000 };
const call = (number: number, ...args: bigint[]): Call => ({ number, architecture: 0xc000003e, arguments: args });

test('a program is what the kernel reads: code, jumps and operand of each instruction', () => {
  const program = assemble([
    { op: 'load', offset: 0 },
    { op: 'jump', if: 'equal', k: 39, to: 'yes', otherwise: 'no' },
    { op: 'label', name: 'no' },
    { op: 'return', verdict: 0x80000000 },
    { op: 'label', name: 'yes' },
    ALLOW,
  ]);
  deepEqual(program, [
    { code: 0x20, jt: 0, jf: 0, k: 0 },
    { code: 0x15, jt: 1, jf: 0, k: 39 },
    { code: 0x06, jt: 0, jf: 0, k: 0x80000000 },
    { code: 0x06, jt: 0, jf: 0, k: 0x7fff0000 },
  ]);
  const bytes = encodeProgram(program);
  deepEqual([...bytes.subarray(8, 16)], [0x15, 0, 1, 0, 39, 0, 0, 0]);
  deepEqual(decodeProgram(bytes), program);
});

for (const over of [JUMP_MAX, JUMP_MAX + 1]) {
  test(`a jump over ${over} instructions is ${over > JUMP_MAX ? 'refused' : 'made'}`, () => {
    const filling: Line[] = Array.from({ length: over }, () => ALLOW);
    const lines: Line[] = [{ op: 'load', offset: 0 }, { op: 'jump', if: 'equal', k: 1, to: 'far' }, ...filling, { op: 'label', name: 'far' }, { op: 'return', verdict: 7 }];
    if (over > JUMP_MAX) throws(() => assemble(lines), /256 instructions ahead/);
    else equal(runProgram(assemble(lines), call(1)), 7);
  });
}

for (const count of [INSTRUCTIONS_MAX, INSTRUCTIONS_MAX + 1]) {
  test(`a program of ${count} instructions is ${count > INSTRUCTIONS_MAX ? 'refused' : 'made'}`, () => {
    const lines = Array.from({ length: count }, () => ALLOW);
    if (count > INSTRUCTIONS_MAX) throws(() => assemble(lines), /4097 instructions/);
    else equal(assemble(lines).length, count);
  });
}

for (const [what, lines, message] of [
  ['nothing', [], /0 instructions/],
  ['no verdict at the end', [{ op: 'load', offset: 0 }], /ends with a verdict/],
  ['a word that is not whole', [{ op: 'load', offset: 2 }, ALLOW], /offset 2/],
  ['a word behind the call', [{ op: 'load', offset: 64 }, ALLOW], /offset 64/],
  ['a label that is nowhere', [{ op: 'jump', if: 'equal', k: 0, to: 'x' }, ALLOW], /label x is not there/],
  ['a label twice', [{ op: 'label', name: 'x' }, ALLOW, { op: 'label', name: 'x' }, ALLOW], /label x is there twice/],
  ['a way back', [{ op: 'label', name: 'x' }, { op: 'load', offset: 0 }, { op: 'jump', if: 'equal', k: 0, to: 'x' }, ALLOW], /label x is -2/],
  ['a number of 33 bits', [{ op: 'jump', if: 'equal', k: 2 ** 32 }, ALLOW], /no 32-bit word/],
] as const satisfies readonly (readonly [string, readonly Line[], RegExp])[]) {
  test(`refuses ${what}`, () => {
    throws(() => assemble(lines), message);
  });
}

/** A decision tree, as data and as a program: the same question asked of both. */
interface Node {
  readonly offset: number;
  readonly if: Comparison;
  readonly k: number;
  readonly to: Node | number;
  readonly otherwise: Node | number;
}
const COMPARISONS: readonly Comparison[] = ['equal', 'greater', 'at-least', 'has-any-bit'];
/** Few, so that comparisons hold as often as not. */
const INTERESTING = [0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff];

function randomTree(random: Random, depth: number): Node | number {
  if (depth === 0 || random.below(5) === 0) return random.below(4);
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)] as T;
  return { offset: random.below(16) * 4, if: pick(COMPARISONS), k: pick(INTERESTING), to: randomTree(random, depth - 1), otherwise: randomTree(random, depth - 1) };
}

function linesOf(tree: Node | number, name: string): readonly Line[] {
  if (typeof tree === 'number') return [{ op: 'return', verdict: tree }];
  return [
    { op: 'load', offset: tree.offset },
    { op: 'jump', if: tree.if, k: tree.k, otherwise: `${name}n` },
    ...linesOf(tree.to, `${name}y`),
    { op: 'label', name: `${name}n` },
    ...linesOf(tree.otherwise, `${name}n`),
  ];
}

function decide(tree: Node | number, words: readonly number[]): number {
  if (typeof tree === 'number') return tree;
  const word = words[tree.offset / 4] as number;
  const holds = { equal: word === tree.k, greater: word > tree.k, 'at-least': word >= tree.k, 'has-any-bit': (BigInt(word) & BigInt(tree.k)) !== 0n }[tree.if];
  return decide(holds ? tree.to : tree.otherwise, words);
}

for (const seed of seeds(1, 2026)) {
  test(`1,000 random programs decide as the trees that they were made from, seed ${seed}`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 1000; round++) {
      const tree = randomTree(random, 6);
      const program = decodeProgram(encodeProgram(assemble(linesOf(tree, 't'))));
      for (let each = 0; each < 20; each++) {
        const words = Array.from({ length: 16 }, () => INTERESTING[random.below(INTERESTING.length)] as number);
        // The instruction pointer's two words are not ours to choose.
        words[2] = words[3] = 0;
        const args = Array.from({ length: 6 }, (_, index) => BigInt(words[4 + 2 * index] as number) | (BigInt(words[5 + 2 * index] as number) << 32n));
        equal(runProgram(program, { number: words[0] as number, architecture: words[1] as number, arguments: args }), decide(tree, words));
      }
    }
  });
}
