import { parentPort, workerData } from 'node:worker_threads';
import { mapShared, sendByteNow } from '../index.ts';

const { memfd, socketFd, sizeBytes, ending } = workerData as { memfd: number; socketFd: number; sizeBytes: number; ending: string };

Atomics.store(new Int32Array(mapShared(memfd, sizeBytes).buffer), 0, 77);
sendByteNow(socketFd);
parentPort?.postMessage('done');
if (ending === 'exit') process.exit(0);
setInterval(() => {}, 1000);
