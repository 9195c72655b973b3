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
const THREADS_MS_MAX = 10_000;
/** Between two looks at what has been done: so long at first, then ever longer. */
const LOOK_MS_MIN = 0.02;
const LOOK_MS_MAX = 2;

export function canCallOnEveryThread(): boolean {
  return ownMachine() === 'x64';
}

/**
 * Makes these calls on every thread of this process, and throws where one fails. Linux changes users, capabilities and
 * Landlock domains for one thread only, and Node has started threads before any JavaScript runs. A signal whose handler is
 * a piece of machine code is how libpsx and glibc do it, too; JavaScript cannot run in a handler.
 */
export function callOnEveryThread(calls: readonly ThreadCall[]): void {
  assert(canCallOnEveryThread() && calls.length <= CALLS_MAX);
  const pages = mapPrivatePages(PAGES_BYTES);
  const block = new Block(pages, calls);
  try {
    writeHandler(pages);
    const before = exchangeHandler(handlerAt(pages.address));
    try {
      visitThreads(block);
    } finally {
      exchangeHandler(before);
    }
  } finally {
    systemCall('munmap', ownCallNumber('munmap'), pages.address, PAGES_BYTES);
  }
}

/**
 * Threads may start others meanwhile: it is over when a look finds none that is new. This one comes last, as it may not
 * even look any more afterwards; it starts none in between.
 */
function visitThreads(block: Block): void {
  const own = systemCall('gettid', ownCallNumber('gettid'));
  for (;;) {
    const others = threadIds().filter((id) => id !== own && !block.visited.has(id));
    visit(others.length === 0 ? [own] : others, block, others.length === 0);
    if (others.length === 0) return;
  }
}

/** All at once, and then waits for all: on a busy machine each of them takes its time to be on. */
function visit(threads: readonly number[], block: Block, isLast: boolean): void {
  // Each takes a place in the block, wherever this one gets to.
  assert(block.visited.size + threads.length <= THREADS_MAX, `This process has more than ${THREADS_MAX} threads.`);
  for (const id of threads) if (signalThread(id)) block.expect(id);
  const nap = new Nap();
  const deadlineMs = performance.now() + THREADS_MS_MAX;
  for (let lookMs = LOOK_MS_MIN; !block.isDone; lookMs = Math.min(lookMs * 2, LOOK_MS_MAX)) {
    if (performance.now() > deadlineMs) throw new Error(`Threads ${block.missing.join(', ')} have not made their calls within ${THREADS_MS_MAX} ms.`);
    nap.take(lookMs);
    // Some may have ended with the signal on its way. This thread alone looks at nobody: it may be forbidden to by now.
    if (lookMs === LOOK_MS_MAX && !isLast) block.forget(threadIds());
  }
  block.check();
}

/** False: it is not there any more. */
function signalThread(id: number): boolean {
  try {
    systemCall('tgkill', ownCallNumber('tgkill'), process.pid, id, SIGNAL);
    return true;
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ESRCH') return false;
    throw error;
  }
}

function threadIds(): readonly number[] {
  return readdirSync('/proc/self/task').map(Number);
}

// A page of code, which is made executable and cannot be written any more, and behind it pages of data: the block.
const PAGE_BYTES = 4096;
const BLOCK_AT = PAGE_BYTES;
// Count of calls; count of threads that have begun, and of those that are done; then for each call its number and three arguments.
const BEGUN_AT = 4;
const DONE_AT = 8;
const CALLS_AT = 16;
const CALL_BYTES = 32;
const CALLS_MAX = 7;
// Then for each thread its number, and the results.
const RESULTS_AT = 1024;
const RESULT_BYTES = 64;
const RESULT_BITS = 6;
const THREADS_MAX = 2048;
const PAGES_BYTES = PAGE_BYTES + RESULTS_AT + THREADS_MAX * RESULT_BYTES;

/** What the handler reads and writes, on many threads at a time. */
class Block {
  readonly visited = new Set<number>();
  readonly #fields: DataView;
  readonly #calls: readonly ThreadCall[];
  readonly #counts: Int32Array;
  readonly #expected = new Set<number>();
  #checkedCount = 0;

  constructor({ fields }: NativeMemory, calls: readonly ThreadCall[]) {
    this.#fields = fields;
    this.#calls = calls;
    this.#counts = new Int32Array(fields.buffer, BLOCK_AT, CALLS_AT / 4);
    fields.setUint32(BLOCK_AT, calls.length, true);
    for (const [index, { call, arguments: given }] of calls.entries()) {
      const at = BLOCK_AT + CALLS_AT + index * CALL_BYTES;
      fields.setBigInt64(at, BigInt(ownCallNumber(call)), true);
      for (let argument = 0; argument < 3; argument++) fields.setBigInt64(at + 8 + argument * 8, BigInt(given[argument] ?? 0), true);
    }
  }

  expect(thread: number): void {
    this.visited.add(thread);
    this.#expected.add(thread);
  }

  /** All that were expected are done, and nobody is on the way. */
  get isDone(): boolean {
    const doneCount = Atomics.load(this.#counts, DONE_AT / 4);
    if (Atomics.load(this.#counts, BEGUN_AT / 4) !== doneCount) return false;
    for (let index = this.#checkedCount; index < doneCount; index++) this.#expected.delete(Number(this.#word(index, 0)));
    return this.#expected.size === 0;
  }

  get missing(): readonly number[] {
    return [...this.#expected];
  }

  /** Expects nobody that is not alive. */
  forget(alive: readonly number[]): void {
    for (const thread of this.#expected) if (!alive.includes(thread)) this.#expected.delete(thread);
  }

  /** Throws where a call of those that are done has failed. */
  check(): void {
    const doneCount = Atomics.load(this.#counts, DONE_AT / 4);
    for (; this.#checkedCount < doneCount; this.#checkedCount++) {
      for (const [index, { call }] of this.#calls.entries()) {
        const result = this.#word(this.#checkedCount, 1 + index);
        if (result < 0n) throw new Error(`The system call ${call} fails on thread ${this.#word(this.#checkedCount, 0)} (errno ${-result}).`);
      }
    }
  }

  #word(index: number, word: number): bigint {
    return this.#fields.getBigInt64(BLOCK_AT + RESULTS_AT + index * RESULT_BYTES + word * 8, true);
  }
}

const GETTID = 186;

/** At the beginning of the code page: what the kernel calls. */
const HANDLER: readonly number[] = [
  0x4c, 0x8d, 0x0d, ...relative(7), //                    lea  r9, [block]
  0x53, //                                                push rbx
  0x41, 0x54, //                                          push r12
  0xb8, 1, 0, 0, 0, //                                    mov  eax, 1
  0xf0, 0x41, 0x0f, 0xc1, 0x41, BEGUN_AT, //              lock xadd [r9 + BEGUN_AT], eax    this thread's place
  0xc1, 0xe0, RESULT_BITS, //                             shl  eax, RESULT_BITS
  0x4d, 0x8d, 0xa4, 0x01, ...bytes32(RESULTS_AT), //      lea  r12, [r9 + rax + RESULTS_AT]
  0xb8, GETTID, 0, 0, 0, //                               mov  eax, GETTID
  0x0f, 0x05, //                                          syscall
  0x49, 0x89, 0x04, 0x24, //                              mov  [r12], rax
  0x41, 0x8b, 0x19, //                                    mov  ebx, [r9]                    calls that are left
  0x49, 0x83, 0xc1, CALLS_AT, //                          add  r9, CALLS_AT
  0x85, 0xdb, //                                    next: test ebx, ebx
  0x74, 0x27, //                                          jz   done
  0x49, 0x8b, 0x01, //                                    mov  rax, [r9]
  0x49, 0x8b, 0x79, 8, //                                 mov  rdi, [r9 + 8]
  0x49, 0x8b, 0x71, 16, //                                mov  rsi, [r9 + 16]
  0x49, 0x8b, 0x51, 24, //                                mov  rdx, [r9 + 24]
  0x45, 0x31, 0xd2, //                                    xor  r10d, r10d                   prctl wants zeros in what it does not use
  0x45, 0x31, 0xc0, //                                    xor  r8d, r8d
  0x0f, 0x05, //                                          syscall
  0x49, 0x83, 0xc4, 8, //                                 add  r12, 8
  0x49, 0x89, 0x04, 0x24, //                              mov  [r12], rax
  0x49, 0x83, 0xc1, CALL_BYTES, //                        add  r9, CALL_BYTES
  0xff, 0xcb, //                                          dec  ebx
  0xeb, 0xd5, //                                          jmp  next
  0x4c, 0x8d, 0x0d, ...relative(100), //            done: lea  r9, [block]
  0xf0, 0x41, 0xff, 0x41, DONE_AT, //                     lock inc dword [r9 + DONE_AT]
  0x41, 0x5c, //                                          pop  r12
  0x5b, //                                                pop  rbx
  0xc3, //                                                ret
];
/** Where a handler returns to: rt_sigreturn. */
const RESTORER: readonly number[] = [0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05];
const RESTORER_AT = 256;

/** From the end of an instruction, which lies at `end`, to the block. */
function relative(end: number): readonly number[] {
  return bytes32(BLOCK_AT - end);
}

function bytes32(value: number): readonly number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff];
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
