import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { closeDescriptor, createSocketPair } from '@gpup/os';
import { GuestStreamLink } from '../guest-stream-link.ts';
import { HostStreamLink } from '../host-stream-link.ts';
import type { GuestLink, HostLink } from '../link.ts';
import { acceptLink, nodeScheduler, offerLink, SocketDuplex, type OfferOptions, type Transport } from '../node/index.ts';
import { serveTestHost } from './test-host.ts';

const hostProgram = fileURLToPath(new URL('./host-process.js', import.meta.url));
const hostWorker = new URL('./host-worker.js', import.meta.url);

export interface PairOptions extends OfferOptions {
  readonly queueBytesMax?: number;
}

export interface LinkPair {
  readonly guest: GuestLink;
  /** Null where the host lives elsewhere. */
  readonly host: HostLink | null;
  /** What the host said when its link ended, as JSON; where the host lives in a process of its own. */
  readonly hostEnding: Promise<unknown> | null;
  /** Ends whatever is left of the pair. */
  dispose(): Promise<void>;
}

export interface Carrier {
  readonly name: string;
  /** The host runs on a thread of its own: a guest that blocks can be served. */
  readonly isApart: boolean;
  readonly hasHeap: boolean;
  /** The guest's platform can block; where the host shares its thread, that helps nobody. */
  readonly guestBlocks: boolean;
  open(options: PairOptions): Promise<LinkPair>;
}

function inOneThread(transport: Transport): Carrier {
  return {
    name: `${transport} in one thread`,
    isApart: false,
    hasHeap: transport === 'aperture',
    guestBlocks: true,
    open: async (options) => {
      const [hostFd, guestFd] = createSocketPair();
      const host = offerLink(hostFd, transport, options);
      serveTestHost(host);
      const guest = acceptLink(guestFd, options);
      return { guest, host, hostEnding: null, dispose: async () => closeBoth(guest, host) };
    },
  };
}

function closeBoth(guest: GuestLink, host: HostLink): void {
  guest.close();
  host.close();
}

function acrossProcesses(transport: Transport): Carrier {
  return {
    name: `${transport} across processes`,
    isApart: true,
    hasHeap: transport === 'aperture',
    guestBlocks: true,
    open: async (options) => {
      const [hostFd, guestFd] = createSocketPair();
      const child = spawn(process.execPath, [hostProgram, transport, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit', hostFd] });
      closeDescriptor(hostFd);
      const exited = once(child, 'exit');
      let said = '';
      child.stdout?.on('data', (bytes: Buffer) => {
        said += bytes.toString();
      });
      const hostEnding = exited.then(() => (said === '' ? null : (JSON.parse(said.split('\n')[0] ?? '') as unknown)));
      const guest = acceptLink(guestFd, options);
      return {
        guest,
        host: null,
        hostEnding,
        dispose: async () => {
          guest.close();
          await exited;
        },
      };
    },
  };
}

function acrossThreads(transport: Transport): Carrier {
  return {
    name: `${transport} across threads`,
    isApart: true,
    hasHeap: transport === 'aperture',
    guestBlocks: true,
    open: async (options) => {
      const [hostFd, guestFd] = createSocketPair();
      const worker = new Worker(hostWorker, { workerData: { socketFd: hostFd, transport, options } });
      const exited = once(worker, 'exit');
      const guest = acceptLink(guestFd, options);
      return {
        guest,
        host: null,
        hostEnding: null,
        dispose: async () => {
          guest.close();
          await exited;
        },
      };
    },
  };
}

/** What a link over TCP will stand on. */
const tcp: Carrier = {
  name: 'stream over TCP in one thread',
  isApart: false,
  hasHeap: false,
  guestBlocks: false,
  open: async ({ packetWordsMax, replyBacklogBytesMax, queueBytesMax }) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    const guestSocket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [hostSocket] = (await accepted) as [Socket];
    server.close();
    const common = { scheduler: nodeScheduler, ...(packetWordsMax === undefined ? {} : { packetWordsMax }) };
    const host = new HostStreamLink({
      ...common,
      duplex: new SocketDuplex(hostSocket),
      ...(replyBacklogBytesMax === undefined ? {} : { replyBacklogBytesMax }),
    });
    serveTestHost(host);
    const guest = new GuestStreamLink({ ...common, duplex: new SocketDuplex(guestSocket), ...(queueBytesMax === undefined ? {} : { queueBytesMax }) });
    return { guest, host, hostEnding: null, dispose: async () => closeBoth(guest, host) };
  },
};

export const carriers: readonly Carrier[] = [
  inOneThread('aperture'),
  acrossThreads('aperture'),
  acrossProcesses('aperture'),
  inOneThread('stream'),
  acrossThreads('stream'),
  acrossProcesses('stream'),
  tcp,
];
