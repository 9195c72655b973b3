import { assert } from '@gpup/base';
import { closeDescriptor, duplicateDescriptor } from './descriptor.ts';
import { libc } from './libc.ts';

/** Tells when a socket has room again. It does not keep the process alive. */
export interface DescriptorWatch {
  /** Calls back once, when there is room (or the peer is gone). */
  arm(): void;
  close(): void;
}

/**
 * Watches a socket that Node reads from: Node's own streams tell of room only for what was written
 * through them. libuv refuses a second watch of one descriptor, so this one watches a duplicate.
 */
export function watchWritable(fd: number, onWritable: () => void): DescriptorWatch {
  const duplicate = duplicateDescriptor(fd);
  // Koffi's handle stops when it is collected: whoever holds the watch holds it.
  let isArmed = false;
  let isClosed = false;
  const handle = libc().koffi.node.poll(duplicate, { writable: true }, notify);
  handle.stop();
  handle.unref();

  function notify(): void {
    if (!isArmed) return;
    isArmed = false;
    handle.stop();
    onWritable();
  }

  return {
    arm() {
      assert(!isClosed);
      if (isArmed) return;
      isArmed = true;
      handle.start({ writable: true }, notify);
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      isArmed = false;
      handle.close();
      closeDescriptor(duplicate);
    },
  };
}
