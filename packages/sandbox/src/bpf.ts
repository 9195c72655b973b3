/**
 * An assembler for classic BPF as seccomp takes it: it looks at 32-bit words of one system call and ends with a verdict.
 * Jumps go forward only, so every program ends; what the kernel would refuse is refused here, with a sentence.
 */
import { assert } from '@gpup/base';

/** As the kernel has it in `struct sock_filter`. */
export interface Instruction {
  readonly code: number;
  /** How many instructions are passed over if the test holds. */
  readonly jt: number;
  /** If it does not. */
  readonly jf: number;
  readonly k: number;
}

export type Comparison = 'equal' | 'greater' | 'at-least' | 'has-any-bit';

export type Line =
  /** Takes the word at this offset of `struct seccomp_data`. */
  | { readonly op: 'load'; readonly offset: number }
  /** Compares the word taken last. Without a label it goes on with the next line. */
  | { readonly op: 'jump'; readonly if: Comparison; readonly k: number; readonly to?: string; readonly otherwise?: string }
  | { readonly op: 'return'; readonly verdict: number }
  | { readonly op: 'label'; readonly name: string };

// From <linux/bpf_common.h>: the class, the size or test, and where the operand is.
export const LOAD_WORD = 0x20;
export const RETURN = 0x06;
export const JUMP_CODES: Readonly<Record<Comparison, number>> = { equal: 0x15, greater: 0x25, 'at-least': 0x35, 'has-any-bit': 0x45 };

/** BPF_MAXINSNS. */
export const INSTRUCTIONS_MAX = 4096;
/** `jt` and `jf` are bytes. */
export const JUMP_MAX = 255;
/** sizeof(struct seccomp_data): number, architecture, instruction pointer, six arguments. */
export const CALL_BYTES = 64;
export const INSTRUCTION_BYTES = 8;

export function assemble(lines: readonly Line[]): readonly Instruction[] {
  const places = placesOf(lines);
  const code = lines.filter((line) => line.op !== 'label');
  assert(code.length > 0 && code.length <= INSTRUCTIONS_MAX, `A BPF program has ${code.length} instructions, not 1 to ${INSTRUCTIONS_MAX}.`);
  assert(code.at(-1)?.op === 'return', 'A BPF program ends with a verdict.');
  return code.map((line, index) => instructionOf(line, index, places));
}

/** Which instruction follows each label. */
function placesOf(lines: readonly Line[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  let index = 0;
  for (const line of lines) {
    if (line.op !== 'label') index += 1;
    else {
      assert(!places.has(line.name), `The label ${line.name} is there twice.`);
      places.set(line.name, index);
    }
  }
  return places;
}

function instructionOf(line: Exclude<Line, { op: 'label' }>, index: number, places: ReadonlyMap<string, number>): Instruction {
  switch (line.op) {
    case 'load':
      assert(line.offset % 4 === 0 && line.offset >= 0 && line.offset < CALL_BYTES, `The offset ${line.offset} is none of a word of a call.`);
      return { code: LOAD_WORD, jt: 0, jf: 0, k: line.offset };
    case 'return':
      return { code: RETURN, jt: 0, jf: 0, k: wordOf(line.verdict) };
    case 'jump': {
      const over = (label: string | undefined): number => (label === undefined ? 0 : distance(label, index, places));
      return { code: JUMP_CODES[line.if], jt: over(line.to), jf: over(line.otherwise), k: wordOf(line.k) };
    }
  }
}

function distance(label: string, index: number, places: ReadonlyMap<string, number>): number {
  const place = places.get(label);
  assert(place !== undefined, `The label ${label} is not there.`);
  const over = place - index - 1;
  assert(over >= 0 && over <= JUMP_MAX, `The label ${label} is ${over} instructions ahead, not 0 to ${JUMP_MAX}.`);
  return over;
}

function wordOf(value: number): number {
  assert(Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32, `${value} is no 32-bit word.`);
  return value >>> 0;
}

/** The bytes of `struct sock_filter[]`, in the byte order of every machine we run on. */
export function encodeProgram(program: readonly Instruction[]): Uint8Array {
  const fields = new DataView(new ArrayBuffer(program.length * INSTRUCTION_BYTES));
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    const at = index * INSTRUCTION_BYTES;
    fields.setUint16(at, code, true);
    fields.setUint8(at + 2, jt);
    fields.setUint8(at + 3, jf);
    fields.setUint32(at + 4, k, true);
  }
  return new Uint8Array(fields.buffer);
}
