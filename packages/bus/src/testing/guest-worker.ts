import { parentPort, workerData } from 'node:worker_threads';
import { acceptLink } from '../node/index.ts';
import { ASK } from './test-protocol.ts';

const guest = acceptLink((workerData as { socketFd: number }).socketFd);
guest.onPacket = () => parentPort?.postMessage('replied');
guest.setWaiting(true);
guest.send(Uint32Array.of(ASK.echo, 2), 0, 2);
