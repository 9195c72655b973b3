import { assert } from '@gpup/base';
import { closeDescriptor, receiveDescriptors, waitForDescriptor } from '@gpup/os';
import { type ContextDescription, decodeContextDescription, decodePagePlace, isVfId } from './adoption.ts';
import type { GuestView } from '../guest-view.ts';
import { TIMESTAMP_CLASSES } from '../timestamps.ts';
import { VF_CONTROL_FD } from './config.ts';
import { type Fields, invalid, objectOf, positive, positiveOrNull, strings } from './fields.ts';

export type Transport = 'aperture' | 'stream';

/**
 * What makes a VF process one context's: a line of JSON on the control socket, with the guest's data connection
 * and the descriptors that its other fields speak of. A VF process is assigned once.
 */
export interface VfAssignment {
  readonly transport: Transport;
  /** Size of the heap in the aperture. Null: the bus's own default. */
  readonly heapBytes: number | null;
  /** The partition's budget of video memory. Null: as much as the adapter has. */
  readonly vramBytes: number | null;
  /** Names of the escapes that the partition has opened. */
  readonly escapes: readonly string[];
  /** What the guest sees of the adapter; all of it where nothing is said. */
  readonly view?: GuestView;
  /** Everything is kept in a file, whose descriptor comes along: the VF could not open it. */
  readonly captures: boolean;
  /** The VF outlives its host process: a copy of the guest's control connection comes along. */
  readonly survival?: VfSurvival;
  /** The context's place in the partition's page, whose descriptor comes along. */
  readonly page?: { readonly slotIndex: number };
}

export interface VfSurvival {
  readonly vfId: string;
  /** So long it waits for one. */
  readonly orphanMsMax: number;
  /** What the next one is told. */
  readonly context: ContextDescription;
}

/** The descriptors are the caller's. */
export interface Assigned {
  readonly assignment: VfAssignment;
  /** The guest's data connection. */
  readonly dataFd: number;
  /** With `survival`, and only then. */
  readonly guestControlFd: number | null;
  /** With `page`, and only then. */
  readonly pageFd: number | null;
  /** Where `captures` says so, and only then. */
  readonly captureFd: number | null;
}

/** More than any has: a baseline names some hundred features and limits. */
const LINE_BYTES_MAX = 32 << 10;
const DESCRIPTORS_MAX = 4;

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
 * takes no processor time. The descriptors are the caller's. Null: the host has given this VF up.
 */
export function receiveAssignment(): Assigned | null {
  const { bytes, fds } = receiveDescriptors(VF_CONTROL_FD, { byteCountMax: LINE_BYTES_MAX, fdCountMax: DESCRIPTORS_MAX });
  if (bytes.length === 0) return null;
  try {
    return withDescriptors(decodeAssignment(new TextDecoder().decode(bytes)), fds);
  } catch (error) {
    for (const fd of fds) closeDescriptor(fd);
    throw error;
  }
}

function withDescriptors(assignment: VfAssignment, fds: readonly number[]): Assigned {
  const { survival, page, captures } = assignment;
  const wantedCount = 1 + (survival === undefined ? 0 : 1) + (page === undefined ? 0 : 1) + (captures ? 1 : 0);
  const [dataFd] = fds;
  if (dataFd === undefined || fds.length !== wantedCount) {
    throw new Error(`An assignment came with ${fds.length} descriptors, not with the ${wantedCount} that it speaks of.`);
  }
  const further = fds.slice(1);
  const guestControlFd = survival === undefined ? null : (further.shift() as number);
  const pageFd = page === undefined ? null : (further.shift() as number);
  const captureFd = captures ? (further.shift() as number) : null;
  return { assignment, dataFd, guestControlFd, pageFd, captureFd };
}

function decodeAssignment(text: string): VfAssignment {
  const fields = objectOf('An assignment', text);
  const { transport, view, survival, page, captures } = fields.values;
  if (transport !== 'aperture' && transport !== 'stream') throw invalid(fields, 'transport');
  if (typeof captures !== 'boolean') throw invalid(fields, 'captures');
  return {
    transport,
    heapBytes: positiveOrNull(fields, 'heapBytes'),
    vramBytes: positiveOrNull(fields, 'vramBytes'),
    escapes: strings(fields, 'escapes'),
    captures,
    ...(view === undefined ? {} : { view: decodeView(fields) }),
    ...(survival === undefined ? {} : { survival: decodeSurvival(fields) }),
    ...(page === undefined ? {} : { page: decodePage(fields) }),
  };
}

function decodeSurvival(assignment: Fields): VfSurvival {
  const { survival } = assignment.values;
  if (typeof survival !== 'object' || survival === null) throw invalid(assignment, 'survival');
  const fields: Fields = { of: "An assignment's survival", values: survival as Record<string, unknown> };
  const { vfId } = fields.values;
  if (!isVfId(vfId)) throw invalid(fields, 'vfId');
  const context = decodeContextDescription(fields.values['context']);
  if (context === undefined) throw invalid(fields, 'context');
  return { vfId, orphanMsMax: positive(fields, 'orphanMsMax'), context };
}

function decodeView(assignment: Fields): GuestView {
  const { view } = assignment.values;
  if (typeof view !== 'object' || view === null) throw invalid(assignment, 'view');
  const fields: Fields = { of: "An assignment's view", values: view as Record<string, unknown> };
  const { partition, features, limits, timestamps: asked = 'coarse' } = fields.values;
  const timestamps = TIMESTAMP_CLASSES.find((each) => each === asked);
  if (typeof partition !== 'string') throw invalid(fields, 'partition');
  if (typeof limits !== 'object' || limits === null || !Object.values(limits).every((value) => typeof value === 'number')) throw invalid(fields, 'limits');
  if (timestamps === undefined) throw invalid(fields, 'timestamps');
  return { partition, features: features === null ? null : strings(fields, 'features'), limits: limits as Record<string, number>, timestamps };
}

function decodePage(assignment: Fields): { readonly slotIndex: number } {
  const page = decodePagePlace(assignment.values['page']);
  if (page === undefined || page === null) throw invalid(assignment, 'page');
  return page;
}
