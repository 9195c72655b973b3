import { GuestFault } from '@gpup/base';
import { bufferBytes, stagingBytes } from '@gpup/vidmm';
import { INLINE } from '@gpup/wire';
import { describeError } from '../backend.ts';
import type { Context } from '../context.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import { Kind } from '../generated/kinds.gen.ts';
import { hostBufferUsage } from '../host-usage.ts';
import type { Known } from '../object-table.ts';
import { deviceOf } from './device.ts';

type BufferHandlers = Pick<
  Handlers,
  | 'GPUDevice.createBuffer'
  | 'GPUBuffer.mapAsync'
  | 'GPUBuffer.readMapped'
  | 'GPUBuffer.writeMapped'
  | 'GPUBuffer.unmap'
  | 'GPUBuffer.destroy'
>;

/** Where mapped bytes go: to a region of the heap that the guest keeps for them, or into the reply. */
interface Destination {
  readonly request: number;
  /** Offset in the heap, or INLINE. */
  readonly into: number;
  readonly length: number;
}

export function bufferHandlers(context: Context): BufferHandlers {
  const { replies } = context;

  /** Answers with `length` bytes of the mapping from `offset`, counted in the buffer. */
  function replyMapped(known: Known<GPUBuffer>, offset: number, { request, into, length }: Destination): void {
    const bytes = mappedRange(known, offset, length);
    if (bytes === null) {
      replies.error(request, { name: 'AbortError', message: 'The buffer is not mapped.' });
    } else if (into === INLINE) {
      replies.data(request, bytes);
    } else {
      context.reader.heapRange(into, length).set(bytes);
      replies.done(request);
    }
  }

  /** A bad region is the guest's fault at once, not when the implementation has mapped the buffer. */
  function checkDestination({ into, length }: Destination): void {
    if (into !== INLINE) context.reader.heapRange(into, length);
    else if (length > context.limits.inlineDataBytesMax) {
      throw new GuestFault('reply-size', `A reply is to carry ${length} bytes, the limit is ${context.limits.inlineDataBytesMax}.`);
    }
  }

  /** Null, and the bytes are charged to the budget; or why not. */
  function refusal(size: number, vramBytes: number, mappedBytes: number): string | null {
    if (context.mappedBytes + mappedBytes > context.limits.mappedBytesMax) return tooManyMapped(size);
    if (context.videoMemory.reserve(vramBytes)) return null;
    return context.videoMemory.refusal(`Buffer of ${size} bytes`, vramBytes);
  }

  function tooManyMapped(size: number): string {
    return `The context has ${context.mappedBytes} mapped bytes, ${size} more exceed the limit (${context.limits.mappedBytesMax}).`;
  }

  /** A buffer that was mapped at creation is mapped without having been asked to be. */
  function createMapped(known: Known<GPUBuffer>): void {
    if (known.mapping !== null || known.state === 'lost' || known.native.mapState !== 'mapped') return;
    known.mapping = { bytes: new Uint8Array(known.native.getMappedRange()), offset: 0 };
  }

  return {
    'GPUDevice.createBuffer'(self, result, descriptor) {
      const device = deviceOf(self);
      const { size, usage } = descriptor;
      const vramBytes = device.isLost ? 0 : bufferBytes(size, device.limits);
      const isMapped = descriptor.mappedAtCreation === true;
      const mappedBytes = isMapped ? vramBytes : 0;
      const copyBytes = stagingBytes({ bytes: vramBytes, usage, mappedAtCreation: isMapped });
      const message = refusal(size, vramBytes + copyBytes, mappedBytes);
      if (message !== null) {
        context.refuse(Kind.GPUBuffer, result, device, descriptor, { filter: 'out-of-memory', message });
        return;
      }
      // What is not charged must cost nothing: for a mapped buffer that it refuses, Dawn allocates all bytes asked for.
      const mappedAtCreation = isMapped && size <= (device.limits['maxBufferSize'] as number);
      const native = { ...descriptor, mappedAtCreation, usage: hostBufferUsage(usage) };
      const known = context.create<GPUBuffer>(Kind.GPUBuffer, result, device, descriptor, () => device.native.createBuffer(native));
      known.usage = usage;
      known.sizeBytes = size;
      context.charge(known, { vramBytes, stagingBytes: copyBytes, mappedBytes });
    },

    'GPUBuffer.mapAsync'(self, request, mode, offset, size, into, length) {
      replies.expect();
      const destination = { request, into, length };
      checkDestination(destination);
      if (length > size) throw new GuestFault('mapped-range', `A mapping of ${size} bytes is to deliver ${length} bytes.`);
      if (context.mappedBytes + size > context.limits.mappedBytesMax) {
        replies.error(request, { name: 'OperationError', message: tooManyMapped(size) });
        return;
      }
      context.mappedBytes += size;
      context.backend.hurry();
      context.settle(
        self.native.mapAsync(mode, offset, size),
        () => {
          context.mappedBytes -= size;
          if (self.native?.mapState === 'mapped' && self.state !== 'lost') {
            self.mapping = { bytes: new Uint8Array(self.native.getMappedRange(offset, size)), offset };
            self.mappedBytes = size;
            context.mappedBytes += size;
          }
          replyMapped(self, offset, destination);
        },
        (error) => {
          context.mappedBytes -= size;
          replies.error(request, describeError(error));
        },
      );
    },

    'GPUBuffer.readMapped'(buffer, request, offset, into, length) {
      replies.expect();
      const destination = { request, into, length };
      checkDestination(destination);
      createMapped(buffer);
      replyMapped(buffer, offset, destination);
    },

    'GPUBuffer.writeMapped'(buffer, offset, data) {
      createMapped(buffer);
      // Unmapped by itself since the guest wrote, as when the device was lost: nobody sees the bytes.
      mappedRange(buffer, offset, data.byteLength)?.set(data);
    },

    'GPUBuffer.unmap'(self) {
      const copyBytes = self.stagingBytes;
      context.dropMapping(self);
      self.native.unmap();
      // The copy goes when the GPU has taken the bytes out of it.
      if (copyBytes > 0) context.work.inFlight(deviceOf(self).native.queue, copyBytes);
    },

    'GPUBuffer.destroy'(self) {
      context.dropMemory(self);
    },
  };
}

/** Bytes of the active mapping; null where there is none, also if the implementation ended it by itself. */
function mappedRange(known: Known<GPUBuffer>, offset: number, length: number): Uint8Array | null {
  const { mapping } = known;
  if (mapping === null || mapping.bytes.buffer.byteLength === 0) return known.mapping === null || length > 0 ? null : EMPTY;
  const begin = offset - mapping.offset;
  if (begin < 0 || length > mapping.bytes.byteLength - begin) {
    throw new GuestFault('mapped-range', `The range of ${length} bytes at ${offset} is not inside the mapping of ${mapping.bytes.byteLength} bytes at ${mapping.offset}.`);
  }
  return mapping.bytes.subarray(begin, begin + length);
}

const EMPTY = new Uint8Array(0);
