import { readdirSync, readlinkSync } from 'node:fs';
import { type Instruction, assemble } from './bpf.ts';
import { type Machine, ownCallNumber, ownMachine } from './call-numbers.ts';
import { ARCHITECTURES, VERDICT_WORDS } from './call-filter.ts';
import { installFilter } from './system-call-filter.ts';

/**
 * Whether this process has an io_uring: what is asked for there passes by every filter of system calls. Node's event
 * loop makes one at its start (from libuv 1.49 on, in Node 24), and cannot do without it once it is there.
 */
export function hasIoUring(): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('anon_inode:[io_uring]');
    } catch {
      return false;
    }
  });
}

let isForgone = false;

/**
 * Processes that this one starts from here on get no io_uring: their event loops find that the kernel has none, and do
 * without. Only a process that exists before may say so, and a filter of system calls is inherited. The process itself
 * goes on with what it has; it gets no_new_privs. Nothing is done where Node makes none, nor where the kernel takes no filter:
 * a process that has one then finds it itself, and says so when it is to be confined.
 */
export function forgoIoUring(): void {
  const machine = ownMachine();
  if (isForgone || machine === null || !hasIoUring()) return;
  try {
    installFilter(withoutIoUring(machine));
    isForgone = true;
  } catch {
    // A container that forbids filters, say: whoever wants no isolation is to run there too.
  }
}

function withoutIoUring(machine: Machine): readonly Instruction[] {
  return assemble([
    { op: 'load', offset: 4 },
    { op: 'jump', if: 'equal', k: ARCHITECTURES[machine], otherwise: 'other' },
    { op: 'load', offset: 0 },
    { op: 'jump', if: 'equal', k: ownCallNumber('io_uring_setup'), otherwise: 'other' },
    { op: 'return', verdict: VERDICT_WORDS.absent },
    { op: 'label', name: 'other' },
    { op: 'return', verdict: VERDICT_WORDS.allow },
  ]);
}
