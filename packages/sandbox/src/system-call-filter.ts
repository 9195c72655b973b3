import { nativeMemory, systemCall } from '@gpup/os';
import { type Instruction, encodeProgram } from './bpf.ts';
import { ownCallNumber } from './call-numbers.ts';

// From <linux/seccomp.h>, <linux/prctl.h>.
const SET_MODE_FILTER = 1;
const FLAG_TSYNC = 1;
/**
 * Kernels before 5.16 would switch off speculation in every process that has a filter, at a high price. It protects
 * secrets of a process from code inside it; a VF keeps none from the guest that might run there.
 */
const FLAG_SPEC_ALLOW = 4;
const PR_SET_NO_NEW_PRIVS = 38;

/** The kernel asks this program about every system call of every thread from here on; nothing takes it back. Sets no_new_privs, for all threads too. */
export function installFilter(program: readonly Instruction[]): void {
  systemCall('prctl', ownCallNumber('prctl'), PR_SET_NO_NEW_PRIVS, 1);
  const code = encodeProgram(program);
  const instructions = nativeMemory(code.length);
  new Uint8Array(instructions.fields.buffer).set(code);
  // struct sock_fprog: count and, aligned, the address.
  const description = nativeMemory(16);
  description.fields.setUint16(0, program.length, true);
  description.fields.setBigUint64(8, BigInt(instructions.address), true);
  const thread = systemCall('seccomp', ownCallNumber('seccomp'), SET_MODE_FILTER, FLAG_TSYNC | FLAG_SPEC_ALLOW, description.address);
  if (thread !== 0) throw new Error(`Thread ${thread} does not take the system call filter.`);
}
