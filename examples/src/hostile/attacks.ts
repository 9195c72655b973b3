import { SystemCallError, punchHole, resizeFile } from '@gpup/os';
import { handles } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { REPLIES } from '@gpup/wire/numbers';
import { type HostLine, HostLines } from './host-lines.ts';
import { HostileContext } from './hostile-context.ts';

export interface Outcome {
  /** What was done, in words. */
  readonly did: string;
  /** As in AttackEvent. */
  readonly outcome: 'lost' | 'refused' | 'unanswered';
  readonly code: string;
  readonly reason: string;
}

export interface Attack {
  readonly name: string;
  run(socketPath: string): Outcome;
}

const ANSWER_MS_MAX = 10_000;
const PAGE_BYTES = 4096;
const MEBIBYTE = 2 ** 20;
const COPY_DST = 8;
const BUFFER_BYTES = 64 * MEBIBYTE;
const ALLOCATIONS_PER_SEND = 256;
/** The first handle that `openDevice` leaves free. */
const FIRST_FREE_INDEX = 4;
const FREE_INDEX_COUNT = handles.INDEX_MASK + 1 - FIRST_FREE_INDEX;

/** In each, one thing goes wrong in one context of its own. */
export const ATTACKS: readonly Attack[] = [
  {
    name: 'babble',
    run: (socketPath) => onConnection(socketPath, 'sends 4 KiB of noise instead of a request', noiseWithoutNewline(PAGE_BYTES)),
  },
  {
    name: 'guess',
    run: (socketPath) => onConnection(socketPath, 'tries to attach to the context of another guest with a guessed token', attachLine('0'.repeat(64))),
  },
  {
    name: 'noise',
    run: (socketPath) =>
      inContext(socketPath, (context) => {
        context.greet();
        for (let i = 0; i < context.commandRing.length; i++) context.commandRing[i] = random();
        context.publish(context.tail + 4096);
        return 'fills the command ring with random words';
      }),
  },
  {
    name: 'overrun',
    run: (socketPath) =>
      inContext(socketPath, (context) => {
        context.greet();
        context.publish(context.tail + context.commandRing.length * 3);
        return 'claims three times more commands than the ring holds';
      }),
  },
  {
    name: 'endless',
    run: (socketPath) =>
      inContext(socketPath, (context) => {
        context.greet();
        context.out.u32(1);
        context.out.u32(0xffffffff);
        context.send();
        return 'starts a packet of 16 GiB';
      }),
  },
  {
    name: 'forge',
    run: (socketPath) =>
      inContext(socketPath, (context) => {
        context.openDevice();
        encode.encodeGPUBufferDestroy(context.out, handles.makeHandle(77, 3));
        context.send();
        return 'uses the handle of an object that it never made';
      }),
  },
  {
    name: 'peek',
    run: (socketPath) =>
      inContext(socketPath, (context) => {
        context.openDevice();
        const buffer = handles.makeHandle(FIRST_FREE_INDEX, 0);
        encode.encodeGPUDeviceCreateBuffer(context.out, 2, buffer, { label: '', size: PAGE_BYTES, usage: COPY_DST, mappedAtCreation: false });
        // The payload is named and not sent, so the host would read what lies behind the shared memory.
        context.out.place = () => context.heapBytes - 4;
        encode.encodeGPUQueueWriteBuffer(context.out, 3, { handle: buffer }, 0, 0, new Uint8Array(PAGE_BYTES));
        context.send();
        return 'has the host copy 4 KiB from beyond the shared memory into a buffer';
      }),
  },
  { name: 'hoard', run: (socketPath) => inContext(socketPath, allocateWithoutEnd) },
  {
    name: 'truncate',
    run: (socketPath) => onMemory(socketPath, 'cuts the shared memory down to one page', (context) => resizeFile(context.memfd, PAGE_BYTES)),
  },
  {
    name: 'grow',
    run: (socketPath) => onMemory(socketPath, 'grows the shared memory to 1 TiB', (context) => resizeFile(context.memfd, 2 ** 40)),
  },
  {
    name: 'punch',
    run: (socketPath) =>
      onMemory(socketPath, 'punches all pages out of the shared memory', (context) => punchHole(context.memfd, 0, context.sizeBytes)),
  },
];

function allocateWithoutEnd(context: HostileContext): string {
  context.openDevice();
  let count = 0;
  let refusedCount = 0;
  do {
    for (let i = 0; i < ALLOCATIONS_PER_SEND; i++, count++) {
      const handle = handles.makeHandle(FIRST_FREE_INDEX + (count % FREE_INDEX_COUNT), 0);
      encode.encodeGPUDeviceCreateBuffer(context.out, 2, handle, { label: '', size: BUFFER_BYTES, usage: COPY_DST, mappedAtCreation: false });
    }
    refusedCount += context.takeReplies().get(REPLIES['Event.uncapturedError']) ?? 0;
  } while (context.send());
  const asked = `${count.toLocaleString('en')} buffers of ${BUFFER_BYTES / MEBIBYTE} MiB`;
  return `allocates ${asked}, heedless of ${refusedCount.toLocaleString('en')} errors that its budget is used up`;
}

/** The attack is a change of the shared memory itself, which the kernel may not allow. */
function onMemory(socketPath: string, did: string, change: (context: HostileContext) => void): Outcome {
  const context = new HostileContext(socketPath);
  try {
    context.greet();
    change(context);
    context.ring();
    return lossOf(context, did);
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    if (!context.isAlive()) return lossOf(context, did);
    return { did, outcome: 'refused', code: error.code, reason: `${error.message} The context works as before.` };
  } finally {
    context.close();
  }
}

function inContext(socketPath: string, attack: (context: HostileContext) => string): Outcome {
  const context = new HostileContext(socketPath);
  try {
    const did = attack(context);
    return lossOf(context, did);
  } finally {
    context.close();
  }
}

function lossOf(context: HostileContext, did: string): Outcome {
  return outcomeOf(did, context.waitForLoss());
}

/** Without a context: a connection to the host process that says one thing. */
function onConnection(socketPath: string, did: string, bytes: Uint8Array | string): Outcome {
  const control = new HostLines(socketPath);
  try {
    control.say(bytes);
    return outcomeOf(did, control.next(ANSWER_MS_MAX));
  } finally {
    control.close();
  }
}

function outcomeOf(did: string, line: HostLine | null): Outcome {
  const { type, code, message } = line ?? {};
  if (typeof code !== 'string' || typeof message !== 'string') return { did, outcome: 'unanswered', code: 'none', reason: type === 'gone' ? 'The host is gone.' : 'The host says nothing.' };
  return { did, outcome: type === 'lost' ? 'lost' : 'refused', code, reason: message };
}

function attachLine(token: string): string {
  return `${JSON.stringify({ type: 'attach', token })}\n`;
}

const NEWLINE = 0x0a;

function noiseWithoutNewline(byteCount: number): Uint8Array {
  return Uint8Array.from({ length: byteCount }, () => random() & 0xff).map((byte) => (byte === NEWLINE ? 0 : byte));
}

let state = 2026;

/** 32 random bits (mulberry32), the same ones in each run. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
