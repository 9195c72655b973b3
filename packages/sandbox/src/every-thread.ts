import { readdirSync } from 'node:fs';
import { assert } from '@gpup/base';
import { Nap, type NativeMemory, mapPrivatePages, nativeMemory, systemCall } from '@gpup/os';
import { type CallName, ownCallNumber, ownMachine } from './call-numbers.ts';

/** A system call that holds for the thread that makes it, and for threads that it starts later. */
export interface ThreadCall {
  readonly call: CallName;
  readonly arguments: readonly number[];
}

/**
 * glibc's SIGSETXID: it is how the C library itself has every thread change its user, so no thread can block it, and
 * no program uses it. It gets its handler back afterwards.
 */
const SIGNAL = 33;
const SIGNAL_MASK_BYTES = 8;
/** A thread takes microseconds, unless the machine is busy. */
const THREAD_MS_MAX = 10_000;
const LOOK_MS = 0.02;

export function canCallOnEveryThread(): boolean {
  return ownMachine() === 'x64';
}

/**
 * Makes these calls on every thread of this process, one thread after the other, and throws where one fails. Linux
 * changes users, capabilities and Landlock domains for one thread only, and Node has started threads before any
 * JavaScript runs. A signal whose handler is a piece of machine code is how libpsx and glibc do it, too; JavaScript
 * cannot run in a handler.
 */
export function callOnEveryThread(calls: readonly ThreadCall[]): void {
  assert(canCallOnEveryThread() && calls.length <= CALLS_MAX);
  const page = mapPrivatePages(PAGES_BYTES);
  const block = writeCalls(page, calls);
  try {
    writeHandler(page);
    const before = exchangeHandler(handlerAt(page.address));
    try {
      visitThreads(block, calls);
    } finally {
      exchangeHandler(before);
    }
  } finally {
    systemCall('munmap', ownCallNumber('munmap'), page.address, PAGES_BYTES);
  }
}

/**
 * Threads may start others meanwhile: it is over when a look finds none that is new. This one comes last, as it may not
 * even look any more afterwards; it starts none in between.
 */
function visitThreads(block: Block, calls: readonly ThreadCall[]): void {
  const own = systemCall('gettid', ownCallNumber('gettid'));
  const visited = new Set([own]);
  for (;;) {
    const others = threadIds().filter((id) => !visited.has(id));
    if (others.length === 0) return visit(own, block, calls);
    for (const id of others) {
      visit(id, block, calls);
      visited.add(id);
    }
  }
}

function visit(thread: number, block: Block, calls: readonly ThreadCall[]): void {
  block.begin();
  try {
    systemCall('tgkill', ownCallNumber('tgkill'), process.pid, thread, SIGNAL);
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ESRCH') return;
    throw error;
  }
  const nap = new Nap();
  const deadlineMs = performance.now() + THREAD_MS_MAX;
  while (!block.isDone()) {
    if (performance.now() <= deadlineMs) nap.take(LOOK_MS);
    // It may have ended with the signal on its way.
    else if (!threadIds().includes(thread)) return;
    else throw new Error(`Thread ${thread} has not made its calls within ${THREAD_MS_MAX} ms.`);
  }
  for (const [index, { call }] of calls.entries()) {
    const result = block.result(index);
    if (result < 0n) throw new Error(`The system call ${call} fails on thread ${thread} (errno ${-result}).`);
  }
}

function threadIds(): readonly number[] {
  return readdirSync('/proc/self/task').map(Number);
}

// One page of code, which is made executable and cannot be written any more, and one of data behind it.
const PAGE_BYTES = 4096;
const PAGES_BYTES = 2 * PAGE_BYTES;
const BLOCK_AT = PAGE_BYTES;
// The block: count of calls, whether they are done; then for each its number, three arguments and result.
const DONE_AT = 4;
const ENTRIES_AT = 16;
const ENTRY_BYTES = 40;
const RESULT_AT = 32;
const CALLS_MAX = 16;

interface Block {
  begin(): void;
  isDone(): boolean;
  result(index: number): bigint;
}

function writeCalls({ fields }: NativeMemory, calls: readonly ThreadCall[]): Block {
  fields.setUint32(BLOCK_AT, calls.length, true);
  for (const [index, { call, arguments: given }] of calls.entries()) {
    const at = BLOCK_AT + ENTRIES_AT + index * ENTRY_BYTES;
    fields.setBigInt64(at, BigInt(ownCallNumber(call)), true);
    for (let argument = 0; argument < 3; argument++) fields.setBigInt64(at + 8 + argument * 8, BigInt(given[argument] ?? 0), true);
  }
  // Two threads write and read it: Atomics, so that a look is one.
  const done = new Int32Array(fields.buffer, BLOCK_AT + DONE_AT, 1);
  return {
    begin: () => void Atomics.store(done, 0, 0),
    isDone: () => Atomics.load(done, 0) === 1,
    result: (index) => fields.getBigInt64(BLOCK_AT + ENTRIES_AT + index * ENTRY_BYTES + RESULT_AT, true),
  };
}

/** At the beginning of the code page: what the kernel calls, with the count of calls at the beginning of the other. */
const HANDLER: readonly number[] = [
  0x4c, 0x8d, 0x0d, ...relative(7), //       lea  r9, [block]
  0x53, //                                   push rbx
  0x41, 0x8b, 0x19, //                       mov  ebx, [r9]          calls that are left
  0x49, 0x83, 0xc1, ENTRIES_AT, //           add  r9, ENTRIES_AT
  0x85, 0xdb, //                       next: test ebx, ebx
  0x74, 0x23, //                             jz   done
  0x49, 0x8b, 0x01, //                       mov  rax, [r9]
  0x49, 0x8b, 0x79, 8, //                    mov  rdi, [r9 + 8]
  0x49, 0x8b, 0x71, 16, //                   mov  rsi, [r9 + 16]
  0x49, 0x8b, 0x51, 24, //                   mov  rdx, [r9 + 24]
  0x45, 0x31, 0xd2, //                       xor  r10d, r10d         prctl wants zeros in what it does not use
  0x45, 0x31, 0xc0, //                       xor  r8d, r8d
  0x0f, 0x05, //                             syscall
  0x49, 0x89, 0x41, RESULT_AT, //            mov  [r9 + RESULT_AT], rax
  0x49, 0x83, 0xc1, ENTRY_BYTES, //          add  r9, ENTRY_BYTES
  0xff, 0xcb, //                             dec  ebx
  0xeb, 0xd9, //                             jmp  next
  0x5b, //                             done: pop  rbx
  0x4c, 0x8d, 0x0d, ...relative(62), //      lea  r9, [block]
  0x41, 0xc7, 0x41, DONE_AT, 1, 0, 0, 0, //  mov  dword [r9 + DONE_AT], 1
  0xc3, //                                   ret
];
/** Where a handler returns to: rt_sigreturn. */
const RESTORER: readonly number[] = [0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05];
const RESTORER_AT = 256;

/** From the end of an instruction, which lies at `end`, to the block. */
function relative(end: number): readonly number[] {
  const distance = BLOCK_AT - end;
  return [distance & 0xff, (distance >> 8) & 0xff, (distance >> 16) & 0xff, (distance >> 24) & 0xff];
}

const PROT_READ_EXEC = 5;

function writeHandler({ address, fields }: NativeMemory): void {
  const page = new Uint8Array(fields.buffer, 0, PAGE_BYTES);
  page.set(HANDLER, 0);
  page.set(RESTORER, RESTORER_AT);
  systemCall('mprotect', ownCallNumber('mprotect'), address, PAGE_BYTES, PROT_READ_EXEC);
}

// struct kernel_sigaction on x64: handler, flags, restorer, mask.
const ACTION_BYTES = 32;
const SA_SIGINFO = 4n;
const SA_RESTORER = 0x04000000n;
const SA_RESTART = 0x10000000n;

function handlerAt(address: number): DataView {
  const fields = new DataView(new ArrayBuffer(ACTION_BYTES));
  fields.setBigUint64(0, BigInt(address), true);
  fields.setBigUint64(8, SA_SIGINFO | SA_RESTORER | SA_RESTART, true);
  fields.setBigUint64(16, BigInt(address + RESTORER_AT), true);
  // No other signal in between.
  fields.setBigUint64(24, 2n ** 64n - 1n, true);
  return fields;
}

/** Past the C library, which keeps this signal for itself. Returns the action before. */
function exchangeHandler(action: DataView): DataView {
  const next = nativeMemory(ACTION_BYTES * 2);
  new Uint8Array(next.fields.buffer).set(new Uint8Array(action.buffer, action.byteOffset, ACTION_BYTES));
  systemCall('rt_sigaction', ownCallNumber('rt_sigaction'), SIGNAL, next.address, next.address + ACTION_BYTES, SIGNAL_MASK_BYTES);
  return new DataView(next.fields.buffer.slice(ACTION_BYTES));
}
