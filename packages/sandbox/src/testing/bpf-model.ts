import { assert } from '@gpup/base';
import { CALL_BYTES, type Instruction, INSTRUCTION_BYTES, JUMP_CODES, LOAD_WORD, RETURN } from '../bpf.ts';

/** A system call as a filter sees it. */
export interface Call {
  readonly number: number;
  /** AUDIT_ARCH_…; null: that of the machine. */
  readonly architecture: number;
  /** 64 bits each. */
  readonly arguments: readonly bigint[];
}

/** `struct seccomp_data`. */
export function encodeCall(call: Call): Uint8Array {
  const fields = new DataView(new ArrayBuffer(CALL_BYTES));
  fields.setUint32(0, call.number >>> 0, true);
  fields.setUint32(4, call.architecture >>> 0, true);
  for (let index = 0; index < 6; index++) fields.setBigUint64(16 + index * 8, BigInt.asUintN(64, call.arguments[index] ?? 0n), true);
  return new Uint8Array(fields.buffer);
}

/** Reads the bytes that the kernel would be given. */
export function decodeProgram(bytes: Uint8Array): readonly Instruction[] {
  const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / INSTRUCTION_BYTES }, (_, index) => {
    const at = index * INSTRUCTION_BYTES;
    return { code: fields.getUint16(at, true), jt: fields.getUint8(at + 2), jf: fields.getUint8(at + 3), k: fields.getUint32(at + 4, true) };
  });
}

/** What the kernel's interpreter would do, written down once more and as plainly as it can be. */
export function runProgram(program: readonly Instruction[], call: Call): number {
  const data = encodeCall(call);
  const words = new DataView(data.buffer);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const instruction = program[at];
    assert(instruction !== undefined, 'it ran beyond its end');
    const { code, jt, jf, k } = instruction;
    if (code === RETURN) return k;
    if (code === LOAD_WORD) accumulator = words.getUint32(k, true);
    else at += holds(code, accumulator, k) ? jt : jf;
  }
}

function holds(code: number, accumulator: number, k: number): boolean {
  switch (code) {
    case JUMP_CODES.equal:
      return accumulator === k;
    case JUMP_CODES.greater:
      return accumulator > k;
    case JUMP_CODES['at-least']:
      return accumulator >= k;
    case JUMP_CODES['has-any-bit']:
      return (accumulator & k) !== 0;
    default:
      throw new Error(`${code} is no instruction of ours`);
  }
}
