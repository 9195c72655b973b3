import type { Socket } from 'node:net';
import { descriptorOf, sendNow } from '@gpup/os';

/**
 * Writes to a peer that may be gone by now, and whose last words are still to be read. A stream that fails to write is
 * destroyed with all that has come over it and was not read yet: a VF that says why it ends, and does, would be one that
 * ended for no reason if just then something was written to it. So what the kernel takes at once does not go by the stream.
 *
 * False: the kernel has not taken all of it, as the peer does not read. `written` is called once it has.
 */
export function writeLine(socket: Socket, text: string, written?: () => void): boolean {
  const fd = descriptorOf(socket);
  if (fd === null || !socket.writable) return true;
  const bytes = Buffer.from(text);
  const sent = socket.writableLength > 0 ? 0 : sendNow(fd, bytes);
  // Its end is read like its words, when their turn comes.
  if (sent === 'gone' || sent === bytes.length) return true;
  socket.write(bytes.subarray(sent), written);
  return false;
}
