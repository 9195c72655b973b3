/**
 * Poses as a VF that a host process has left behind: listens at its socket, and hands over what its arguments say.
 * Arguments: directory, id, and a JSON object with what differs from an honest VF.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { type Socket, createServer } from 'node:net';
import { createSealedMemfd, createSocketPair, descriptorOf, nativeMemory, processStartTicks, sendDescriptors, systemCall } from '@gpup/os';
import { vfFiles } from '../vf-files.ts';

export interface Pretence {
  readonly hello?: Readonly<Record<string, unknown>>;
  /** Instead of a hello. */
  readonly text?: string;
  /** The one that forks prints the pid of its child, which holds the connection as well. */
  readonly behaviour?: 'silent' | 'closes' | 'forks' | 'urgent';
  readonly control?: 'file' | 'datagrams' | 'internet' | 'none';
  readonly page?: 'shrinkable' | 'none';
  /** So many connections, and one more, wait to be accepted. */
  readonly backlog?: number;
  /** Follows the hello at once. */
  readonly more?: string;
}

const [directory = '', vfId = '', json = '{}'] = process.argv.slice(2);
const pretence = JSON.parse(json) as Pretence;
const [, guestControl] = createSocketPair();
/** A file of this program: its writer may shrink it. */
const file = openSync(process.argv[1] as string, 'r');
const page = createSealedMemfd('gpup-test-page', 4096);

const HELLO = {
  type: 'hello',
  protocol: { major: 1, minor: 0 },
  vfId,
  pid: process.pid,
  startTicks: processStartTicks(process.pid),
  isReady: true,
  context: { contextId: 5, partition: 'small', adapter: 'software-0', guestPid: 1, openedMs: 1 },
  page: { slotIndex: 2 },
};

async function control(): Promise<number[]> {
  switch (pretence.control) {
    case 'none':
      return [];
    case 'file':
      return [file];
    case 'datagrams': {
      const socket = createSocket('udp4').bind();
      await once(socket, 'listening');
      return [descriptorOf(socket as unknown as Socket) as number];
    }
    case 'internet': {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return [descriptorOf(server as unknown as Socket) as number];
    }
    default:
      return [guestControl];
  }
}

const controlFds = await control();

function descriptors(): number[] {
  return [...controlFds, ...(pretence.page === 'none' ? [] : [pretence.page === 'shrinkable' ? file : page])];
}

function fork(fd: number): number | undefined {
  return spawn('sleep', ['infinity'], { stdio: ['ignore', 'ignore', 'ignore', fd] }).pid;
}

/** It shows as something to read, and no ordinary read gets it. */
function sendUrgentByte(fd: number): void {
  const SENDTO = process.arch === 'x64' ? 44 : 206;
  const MSG_OOB = 1;
  systemCall('sendto', SENDTO, fd, nativeMemory(64).address, 1, MSG_OOB);
}

createServer((socket) => {
  socket.on('error', () => {});
  if (pretence.behaviour === 'silent') return;
  if (pretence.behaviour === 'closes') return void socket.destroy();
  if (pretence.behaviour === 'urgent') return sendUrgentByte(descriptorOf(socket) as number);
  if (pretence.behaviour === 'forks') process.stdout.write(`${fork(descriptorOf(socket) as number)}\n`);
  const text = pretence.text ?? `${JSON.stringify({ ...HELLO, ...pretence.hello })}\n`;
  sendDescriptors(descriptorOf(socket) as number, Buffer.from(text + (pretence.more ?? '')), descriptors());
}).listen({ path: vfFiles(directory, vfId).socketPath, backlog: pretence.backlog ?? 511 }, () => process.stdout.write('listening\n'));
