import { assert } from '@gpup/base';
import { closeDescriptor, peekNow, receiveDescriptors, sendDescriptors, waitForDescriptor } from '@gpup/os';
import type { ApertureSizes } from '../aperture-layout.ts';
import { nodeScheduler } from './scheduler.ts';

/** The first thing on a data connection, host to guest: one line of JSON, the memfd with it. */
export type Announcement =
  | ({ readonly type: 'aperture'; readonly packetWordsMax: number } & ApertureSizes)
  | { readonly type: 'stream'; readonly packetWordsMax: number };

const LINE_BYTES_MAX = 1024;
const NEWLINE = 0x0a;

export function announce(socketFd: number, announcement: Announcement, fds: readonly number[]): void {
  const line = new TextEncoder().encode(`${JSON.stringify(announcement)}\n`);
  assert(line.length <= LINE_BYTES_MAX);
  sendDescriptors(socketFd, line, fds);
}

/** Waits for the announcement and reads exactly it: words may follow at once. The descriptor is the caller's. */
export function receiveAnnouncement(socketFd: number, timeoutMs: number): { announcement: Announcement; fd: number | null } {
  const lineBytes = waitForLine(socketFd, timeoutMs);
  const { bytes, fds } = receiveDescriptors(socketFd, { byteCountMax: lineBytes, fdCountMax: 1 });
  const fd = fds[0] ?? null;
  try {
    assert(bytes.length === lineBytes);
    const announcement = parseAnnouncement(new TextDecoder().decode(bytes));
    if ((announcement.type === 'aperture') !== (fd !== null)) throw new Error(`A ${announcement.type} link came ${fd === null ? 'without' : 'with'} a descriptor.`);
    return { announcement, fd };
  } catch (error) {
    if (fd !== null) closeDescriptor(fd);
    throw error;
  }
}

/** The length of the first line, its end included. */
function waitForLine(socketFd: number, timeoutMs: number): number {
  const peeked = new Uint8Array(LINE_BYTES_MAX);
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0 || !waitForDescriptor(socketFd, 'readable', leftMs)) throw new Error(`The host did not announce a link within ${timeoutMs} ms.`);
    const count = peekNow(socketFd, peeked);
    if (count === 'gone') throw new Error('The host closed the connection before it announced a link.');
    const end = peeked.subarray(0, count).indexOf(NEWLINE);
    if (end >= 0) return end + 1;
    if (count === LINE_BYTES_MAX) throw new Error(`The announcement of a link has no end within ${LINE_BYTES_MAX} bytes.`);
    // A part of a line counts as readable: poll(2) would return at once.
    nodeScheduler.sleep?.(1);
  }
}

function parseAnnouncement(line: string): Announcement {
  const fields: unknown = JSON.parse(line);
  if (typeof fields !== 'object' || fields === null) throw new Error('The announcement of a link is not an object.');
  const record = fields as Readonly<Record<string, unknown>>;
  const packetWordsMax = countIn(record, 'packetWordsMax');
  if (record.type === 'stream') return { type: 'stream', packetWordsMax };
  if (record.type !== 'aperture') throw new Error(`The announced link type (${String(record.type)}) is not known.`);
  return {
    type: 'aperture',
    packetWordsMax,
    commandRingBytes: countIn(record, 'commandRingBytes'),
    replyRingBytes: countIn(record, 'replyRingBytes'),
    heapBytes: countIn(record, 'heapBytes'),
  };
}

function countIn(record: Readonly<Record<string, unknown>>, name: string): number {
  const value = record[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) throw new Error(`The announced ${name} (${String(value)}) is not a count.`);
  return value;
}
