export { monotonicAheadMs, monotonicUs } from './clock.ts';
export { closeDescriptor, duplicateDescriptor, setBlocking } from './descriptor.ts';
export { descriptorOf } from './descriptor-of.ts';
export { type ReceivedMessage, receiveDescriptors, receiveDescriptorsNow, sendDescriptors } from './descriptor-passing.ts';
export { endProcessAfter } from './end-timer.ts';
export { lockFileNow } from './file-lock.ts';
export { loadSystemCalls } from './libc.ts';
export { returnLargeBlocks } from './malloc.ts';
export { type Mapping, mapShared } from './mapping.ts';
export { createSealedMemfd, punchHole, resizeFile, type Seals, sealsOf } from './memfd.ts';
export { addressOf, loadedImage, type NativeFunction, type NativeImage, type NativeType, nativeBytes, nativeCallback, nativeFunction } from './native-image.ts';
export { Nap, type NapPlace } from './nap.ts';
export { dieWithParent, type MappedFile, mappedFilesOf, outliveParent, processStartTicks } from './process.ts';
export { hasProcessEnded, openProcess, signalProcess } from './process-handle.ts';
export { currentProcessor, leaveProcessor } from './processor.ts';
export { mapPrivatePages, type NativeMemory, nativeMemory, systemCall } from './system-call.ts';
export { SystemCallError } from './system-call-error.ts';
export {
  bindUnixSocket,
  connectUnixSocket,
  connectUnixSocketNow,
  createSocketPair,
  drainNow,
  guardConnection,
  isPeerAlive,
  isUnixStreamSocket,
  type PeerCredentials,
  peekNow,
  peerCredentials,
  receiveNow,
  sendByteNow,
  sendNow,
  shutdownSocket,
  waitForDescriptor,
} from './unix-socket.ts';
