import { closeDescriptor, createSocketPair, mappedFilesOf } from '../index.ts';

function isKoffiLoaded(): boolean {
  return mappedFilesOf(process.pid).some((file) => file.path.endsWith('koffi.node'));
}

const before = isKoffiLoaded();
for (const fd of createSocketPair()) closeDescriptor(fd);
process.stdout.write(`before use: ${before}, after use: ${isKoffiLoaded()}\n`);
