import { readdirSync } from 'node:fs';
import {
  SystemCallError,
  closeDescriptor,
  connectUnixSocketNow,
  guardConnection,
  isUnixStreamSocket,
  openProcess,
  peerCredentials,
  processStartTicks,
  receiveDescriptorsNow,
  sealsOf,
  sendNow,
  signalProcess,
  waitForDescriptor,
} from '@gpup/os';
import { type AdoptionHello, HELLO_BYTES_MAX, HELLO_DESCRIPTORS_MAX, decodeHello, isVfId } from '@gpup/vf/boot';
import type { Adoption } from './adopted-vf.ts';
import { type Reason, encodeHostLine } from './control-protocol.ts';
import { logLine } from './log.ts';
import { removeVfFiles, vfFiles, vfIdsAmong } from './vf-files.ts';

/** A VF whose socket took our connection: whoever listens there is the process that we hold. */
interface Approach extends Peer {
  readonly vfId: string;
  readonly directory: string;
  readonly connectionFd: number;
}

interface Peer {
  readonly pid: number;
  readonly processFd: number;
}

const LOOK_MS = 5;

export interface TakeoverOptions {
  readonly answerMsMax: number;
  /** Owns it from then on, with its descriptors. Where it throws, it has taken nothing. */
  readonly onAdoption: (adoption: Adoption) => void;
}

/**
 * Collects the VFs that a host process before this one has left in the directory. What is left of VFs that have
 * ended is removed; a VF that does not answer in time, or not as it should, is ended. The VFs come as they
 * answer: none waits for another that hangs, and what goes wrong with one is that one's end only.
 */
export async function takeOverVfs(directory: string, options: TakeoverOptions): Promise<void> {
  const ids = vfIdsAmong(readdirSync(directory)).filter(isVfId);
  await Promise.all(ids.map((vfId) => takeOverVf(directory, vfId, options)));
}

async function takeOverVf(directory: string, vfId: string, { answerMsMax, onAdoption }: TakeoverOptions): Promise<void> {
  try {
    const approach = approachVf(directory, vfId);
    if (approach === null) return removeVfFiles(vfFiles(directory, vfId));
    const adoption = await hear(approach, answerMsMax);
    if (typeof adoption === 'string') endStranger(approach, adoption);
    else handOver(approach, adoption, onAdoption);
  } catch (error) {
    // Of whom it is, nothing is known that could be ended: whoever is behind the socket is left to the next host.
    logLine(`VF ${vfId} is not taken over: ${(error as Error).message}`);
  }
}

function handOver(approach: Approach, adoption: Adoption, onAdoption: TakeoverOptions['onAdoption']): void {
  try {
    onAdoption(adoption);
  } catch (error) {
    closeAll([adoption.guestControlFd, adoption.pageFd]);
    endStranger(approach, (error as Error).message);
  }
}

/** Null: nobody listens there, and nobody will again. Throws where nobody can be told to listen. */
function approachVf(directory: string, vfId: string): Approach | null {
  const connectionFd = connectTo(vfFiles(directory, vfId).socketPath);
  if (connectionFd === null) return null;
  let peer: Peer | null = null;
  try {
    peer = openPeer(connectionFd);
    return peer === null ? null : { vfId, directory, connectionFd, ...peer };
  } finally {
    if (peer === null) closeDescriptor(connectionFd);
  }
}

/** As the kernel noted it when that process began to listen: no other process can pose as it. Null: it is gone, or not ours. */
function openPeer(connectionFd: number): Peer | null {
  const { pid, uid } = peerCredentials(connectionFd);
  const processFd = uid === process.getuid?.() && pid > 0 ? openProcess(pid) : null;
  return processFd === null ? null : { pid, processFd };
}

function connectTo(path: string): number | null {
  try {
    // A VF that was taken over may accept nobody, which is not to stop this thread.
    return connectUnixSocketNow(path);
  } catch (error) {
    if (error instanceof SystemCallError && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')) return null;
    throw error;
  }
}

/** The adoption, or what is wrong with it. */
async function hear(approach: Approach, answerMsMax: number): Promise<Adoption | string> {
  try {
    return (await answers(approach, answerMsMax)) ? readHello(approach) : `It says nothing within ${answerMsMax} ms.`;
  } catch (error) {
    // It has ended just now, or this process has no descriptors left: others may fare better.
    return (error as Error).message;
  }
}

/** Whether anything is to be read in time. The end of the connection is, too. */
async function answers({ connectionFd }: Approach, answerMsMax: number): Promise<boolean> {
  const deadlineMs = performance.now() + answerMsMax;
  while (!waitForDescriptor(connectionFd, 'readable', 0)) {
    if (performance.now() > deadlineMs) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return true;
}

function readHello(approach: Approach): Adoption | string {
  const received = receiveDescriptorsNow(approach.connectionFd, { byteCountMax: HELLO_BYTES_MAX, fdCountMax: HELLO_DESCRIPTORS_MAX });
  if (received === null) return 'It says what cannot be read.';
  guardConnection(approach.connectionFd);
  const { bytes, fds } = received;
  let words: ReturnType<typeof complaintAbout> | undefined;
  try {
    words = complaintAbout(approach, bytes, fds);
    return typeof words === 'string' ? words : { ...approach, ...words };
  } finally {
    if (typeof words !== 'object') closeAll(fds);
  }
}

/** The VF runs a guest's work and may have been taken over by it: every word of it is compared with what the kernel says. */
function complaintAbout(approach: Approach, bytes: Uint8Array, fds: readonly number[]): string | Pick<Adoption, 'hello' | 'further' | 'guestControlFd' | 'pageFd'> {
  const message = Buffer.from(bytes);
  const end = message.indexOf(0x0a);
  const hello = end === -1 ? undefined : decodeHello(message.toString('utf8', 0, end));
  if (hello === undefined) return 'It says what is no hello.';
  if (!isSame(hello, approach)) return `It says that it is VF ${hello.vfId}, process ${hello.pid}, and is not.`;
  const [guestControlFd, pageFd = null] = fds;
  if (guestControlFd === undefined || !isUnixStreamSocket(guestControlFd)) return "It has not handed over its guest's control connection.";
  if ((pageFd === null) !== (hello.page === null) || (pageFd !== null && !isSealed(pageFd))) return "It has not handed over its partition's page.";
  return { hello, guestControlFd, pageFd, further: message.subarray(end + 1) };
}

function isSame(hello: AdoptionHello, { vfId, pid }: Approach): boolean {
  return hello.vfId === vfId && hello.pid === pid && hello.startTicks === processStartTicks(pid);
}

/** A file that somebody else may shrink would end us when we read it. */
function isSealed(fd: number): boolean {
  try {
    const { shrink, grow, seal } = sealsOf(fd);
    return shrink && grow && seal;
  } catch {
    return false;
  }
}

function endStranger({ vfId, directory, connectionFd, pid, processFd }: Approach, complaint: string): void {
  logLine(`VF process ${pid} is not taken over: ${complaint}`);
  signalProcess(processFd, 'SIGKILL');
  closeAll([connectionFd, processFd]);
  removeVfFiles(vfFiles(directory, vfId));
}

/** For a VF that has no place here: tells its guest why, and ends it. */
export function dismissAdoption(adoption: Adoption, reason: Reason): void {
  const { connectionFd, processFd, guestControlFd, pageFd, hello, directory } = adoption;
  sendNow(guestControlFd, Buffer.from(encodeHostLine({ type: 'lost', ...reason })));
  signalProcess(processFd, 'SIGKILL');
  closeAll([connectionFd, processFd, guestControlFd, pageFd]);
  removeVfFiles(vfFiles(directory, hello.vfId));
}

function closeAll(fds: readonly (number | null)[]): void {
  for (const fd of fds) if (fd !== null) closeDescriptor(fd);
}
