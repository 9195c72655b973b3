import { assert } from '@gpup/base';
import { closeDescriptor, receiveDescriptors, waitForDescriptor } from '@gpup/os';
import { VF_CONTROL_FD } from './config.ts';
import { invalid, objectOf, positiveOrNull, stringOrNull, strings } from './fields.ts';

export type Transport = 'aperture' | 'stream';

/**
 * What makes a VF process one context's: the only thing that a host process ever writes to it, a line of
 * JSON on the control socket with the guest's data connection. A VF process is assigned once.
 */
export interface VfAssignment {
  readonly transport: Transport;
  /** Size of the heap in the aperture. Null: the bus's own default. */
  readonly heapBytes: number | null;
  /** The partition's budget of video memory. Null: as much as the adapter has. */
  readonly vramBytes: number | null;
  /** Names of the escapes that the partition has opened. */
  readonly escapes: readonly string[];
  /** A file that everything is kept in, or null. */
  readonly capturePath: string | null;
}

export interface Assigned {
  readonly assignment: VfAssignment;
  /** The guest's data connection. */
  readonly dataFd: number;
}

/** A path of the greatest length, each of its bytes escaped, and what else there is. */
const LINE_BYTES_MAX = 32 << 10;

export function encodeAssignment(assignment: VfAssignment): Uint8Array {
  const line = new TextEncoder().encode(`${JSON.stringify(assignment)}\n`);
  assert(line.length <= LINE_BYTES_MAX);
  return line;
}

export function isAssigned(): boolean {
  return waitForDescriptor(VF_CONTROL_FD, 'readable', 0);
}

/**
 * Waits for the assignment, and blocks the thread: a VF process without a guest has nothing else to do, and
 * takes no processor time. The descriptor is the caller's. Null: the host has given this VF up.
 */
export function receiveAssignment(): Assigned | null {
  const { bytes, fds } = receiveDescriptors(VF_CONTROL_FD, { byteCountMax: LINE_BYTES_MAX, fdCountMax: 1 });
  if (bytes.length === 0) return null;
  const [dataFd] = fds;
  if (dataFd === undefined) throw new Error('An assignment came without a data connection.');
  try {
    return { assignment: decodeAssignment(new TextDecoder().decode(bytes)), dataFd };
  } catch (error) {
    closeDescriptor(dataFd);
    throw error;
  }
}

function decodeAssignment(text: string): VfAssignment {
  const fields = objectOf('An assignment', text);
  const { transport } = fields.values;
  if (transport !== 'aperture' && transport !== 'stream') throw invalid(fields, 'transport');
  return {
    transport,
    heapBytes: positiveOrNull(fields, 'heapBytes'),
    vramBytes: positiveOrNull(fields, 'vramBytes'),
    escapes: strings(fields, 'escapes'),
    capturePath: stringOrNull(fields, 'capturePath'),
  };
}
