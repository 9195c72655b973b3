import { workerData } from 'node:worker_threads';
import { offerLink, type OfferOptions, type Transport } from '../node/index.ts';
import { serveTestHost } from './test-host.ts';

const { socketFd, transport, options } = workerData as { socketFd: number; transport: Transport; options: OfferOptions };
serveTestHost(offerLink(socketFd, transport, options));
