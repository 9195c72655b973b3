/**
 * Poses as a VF that a host process has left behind: listens at its socket, and hands over what its arguments say.
 * Arguments: directory, id, and a JSON object with what differs from an honest VF.
 */
import { openSync } from 'node:fs';
import { createServer } from 'node:net';
import { createSealedMemfd, createSocketPair, descriptorOf, processStartTicks, sendDescriptors } from '@gpup/os';
import { vfFiles } from '../vf-files.ts';

export interface Pretence {
  readonly hello?: Readonly<Record<string, unknown>>;
  /** Instead of a hello. */
  readonly text?: string;
  readonly behaviour?: 'silent' | 'closes';
  readonly control?: 'file' | 'none';
  readonly page?: 'shrinkable' | 'none';
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

function descriptors(): number[] {
  const control = pretence.control === 'none' ? [] : [pretence.control === 'file' ? file : guestControl];
  return [...control, ...(pretence.page === 'none' ? [] : [pretence.page === 'shrinkable' ? file : page])];
}

createServer((socket) => {
  socket.on('error', () => {});
  if (pretence.behaviour === 'silent') return;
  if (pretence.behaviour === 'closes') return void socket.destroy();
  const text = pretence.text ?? `${JSON.stringify({ ...HELLO, ...pretence.hello })}\n`;
  sendDescriptors(descriptorOf(socket) as number, Buffer.from(text + (pretence.more ?? '')), descriptors());
}).listen(vfFiles(directory, vfId).socketPath, () => process.stdout.write('listening\n'));
