import { fstatSync, readdirSync } from 'node:fs';
import {
  type ReceivedMessage,
  SystemCallError,
  closeDescriptor,
  connectUnixSocket,
  openProcess,
  peerCredentials,
  processStartTicks,
  receiveDescriptors,
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
interface Approach {
  readonly vfId: string;
  readonly directory: string;
  readonly connectionFd: number;
  readonly pid: number;
  readonly processFd: number;
}

const LOOK_MS = 5;

export interface TakeoverOptions {
  readonly answerMsMax: number;
  /** Owns it from then on, with its descriptors. */
  readonly onAdoption: (adoption: Adoption) => void;
}

/**
 * Collects the VFs that a host process before this one has left in the directory. What is left of VFs that have
 * ended is removed; a VF that does not answer in time, or not as it should, is ended. The VFs come as they
 * answer: none waits for another that hangs.
 */
export async function takeOverVfs(directory: string, { answerMsMax, onAdoption }: TakeoverOptions): Promise<void> {
  const ids = vfIdsAmong(readdirSync(directory)).filter(isVfId);
  const takeOver = async (vfId: string): Promise<void> => {
    const approach = approachVf(directory, vfId);
    if (approach === null) return removeVfFiles(vfFiles(directory, vfId));
    const adoption = (await answers(approach, answerMsMax)) ? readHello(approach) : `It says nothing within ${answerMsMax} ms.`;
    if (typeof adoption === 'string') endStranger(approach, adoption);
    else onAdoption(adoption);
  };
  await Promise.all(ids.map(takeOver));
}

/** Null: nobody listens there, and nobody will again. */
function approachVf(directory: string, vfId: string): Approach | null {
  const connectionFd = connectTo(vfFiles(directory, vfId).socketPath);
  if (connectionFd === null) return null;
  // As the kernel noted it when that process began to listen: no other process can pose as it.
  const { pid, uid } = peerCredentials(connectionFd);
  const processFd = uid === process.getuid?.() && pid > 0 ? openProcess(pid) : null;
  if (processFd !== null) return { vfId, directory, connectionFd, pid, processFd };
  closeDescriptor(connectionFd);
  return null;
}

function connectTo(path: string): number | null {
  try {
    return connectUnixSocket(path);
  } catch (error) {
    if (error instanceof SystemCallError && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')) return null;
    throw error;
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

/** The adoption, or what is wrong with it. */
function readHello(approach: Approach): Adoption | string {
  let message: ReceivedMessage;
  try {
    message = receiveDescriptors(approach.connectionFd, { byteCountMax: HELLO_BYTES_MAX, fdCountMax: HELLO_DESCRIPTORS_MAX });
  } catch (error) {
    // It has ended just now, or this process has no descriptors left: others may fare better.
    return (error as Error).message;
  }
  const complaint = complaintAbout(approach, message.bytes, message.fds);
  if (typeof complaint !== 'string') return { ...approach, ...complaint };
  for (const fd of message.fds) closeDescriptor(fd);
  return complaint;
}

/** The VF runs a guest's work and may have been taken over by it: every word of it is compared with what the kernel says. */
function complaintAbout(approach: Approach, bytes: Uint8Array, fds: readonly number[]): string | Pick<Adoption, 'hello' | 'further' | 'guestControlFd' | 'pageFd'> {
  const message = Buffer.from(bytes);
  const end = message.indexOf(0x0a);
  const hello = end === -1 ? undefined : decodeHello(message.toString('utf8', 0, end));
  if (hello === undefined) return 'It says what is no hello.';
  if (!isSame(hello, approach)) return `It says that it is VF ${hello.vfId}, process ${hello.pid}, and is not.`;
  const [guestControlFd, pageFd = null] = fds;
  if (guestControlFd === undefined || !fstatSync(guestControlFd).isSocket()) return "It has not handed over its guest's control connection.";
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
  for (const fd of [connectionFd, processFd]) closeDescriptor(fd);
  removeVfFiles(vfFiles(directory, vfId));
}

/** For a VF that has no place here: tells its guest why, and ends it. */
export function dismissAdoption(adoption: Adoption, reason: Reason): void {
  const { connectionFd, processFd, guestControlFd, pageFd, hello, directory } = adoption;
  sendNow(guestControlFd, Buffer.from(encodeHostLine({ type: 'lost', ...reason })));
  signalProcess(processFd, 'SIGKILL');
  for (const fd of [connectionFd, processFd, guestControlFd, pageFd]) if (fd !== null) closeDescriptor(fd);
  removeVfFiles(vfFiles(directory, hello.vfId));
}
