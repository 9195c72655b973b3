import { isCount } from '@gpup/base';
import { type LatencyClass, LatencyClassNumbers } from '@gpup/wire/enums';

/** What a VF tells its host, one JSON object a line on the control connection. */
export type VfLine =
  /** The adapter is open, and the VF waits for its assignment. One that has come earlier is taken without this line. */
  | { readonly type: 'warm' }
  /** The VF goes on without some measures of isolation, which are named. Before it has a guest. */
  | { readonly type: 'unconfined'; readonly lacking: string }
  /** The guest's end is on its way to the guest; commands are executed from now on. */
  | { readonly type: 'ready' }
  /** The VF is about to end itself, and why. */
  | { readonly type: 'fault'; readonly code: string; readonly message: string }
  /** The VF's thread answers: it is not inside of a call that does not return. */
  | { readonly type: 'pong'; readonly serial: number }
  /** The largest allocations first; as many as were asked for, or as a line has room for. */
  | { readonly type: 'allocations'; readonly request: number; readonly allocations: readonly AllocationEntry[] }
  | SchedulingLine;

/** Of these a VF says a bounded number: for each `turn` of its host one of each kind at most. */
export type TurnLine =
  /** A submit waits, and the turn is not, or no longer, open. */
  | { readonly type: 'turn-wanted'; readonly serial: number }
  /** The turn's time is up, or it was not open, and nothing that was submitted is unfinished. */
  | { readonly type: 'turn-over'; readonly serial: number }
  /** The turn is open and yields, and for a moment nothing has been waiting or unfinished. It stays open. */
  | { readonly type: 'turn-idle'; readonly serial: number };

export type SchedulingLine =
  | TurnLine
  /** The guest has said what it is, or the host is a new one. At most one line in `LATENCY_CLASS_MS_MIN`. */
  | { readonly type: 'latency-class'; readonly value: LatencyClass };

/** What changes faster than this is told late, and only as it is then. */
export const LATENCY_CLASS_MS_MIN = 1000;

export interface AllocationEntry {
  /** As the guest says. */
  readonly label: string;
  readonly kind: AllocationKind;
  readonly bytes: number;
}

const ALLOCATION_KINDS = ['buffer', 'texture', 'query-set'] as const;
export type AllocationKind = (typeof ALLOCATION_KINDS)[number];

/** Longest line that a host accepts from a VF, newline included. */
export const VF_LINE_BYTES_MAX = 1 << 14;
/** Of a list of allocations: so many have room with labels of a usual length. */
export const ALLOCATION_COUNT_MAX = 64;

const MESSAGE_CHARACTERS_MAX = 2000;
const LABEL_CHARACTERS_MAX = 100;
const CODE = /^[a-z][a-z0-9-]{0,39}$/;

/** Never longer than a line may be: what does not fit is left out. */
export function encodeVfLine(line: VfLine): string {
  if (line.type === 'fault') return encodeFault(line);
  if (line.type === 'allocations') return encodeAllocations(line);
  if (line.type === 'unconfined') return textOf({ ...line, lacking: line.lacking.slice(0, MESSAGE_CHARACTERS_MAX) });
  return textOf(line);
}

function encodeFault(line: Extract<VfLine, { type: 'fault' }>): string {
  let message = line.message.slice(0, MESSAGE_CHARACTERS_MAX);
  for (;;) {
    const text = textOf({ ...line, message });
    if (Buffer.byteLength(text) <= VF_LINE_BYTES_MAX) return text;
    message = message.slice(0, message.length >> 1);
  }
}

function encodeAllocations(line: Extract<VfLine, { type: 'allocations' }>): string {
  let allocations = line.allocations.slice(0, ALLOCATION_COUNT_MAX).map((entry) => ({ ...entry, label: entry.label.slice(0, LABEL_CHARACTERS_MAX) }));
  for (;;) {
    const text = textOf({ ...line, allocations });
    if (Buffer.byteLength(text) <= VF_LINE_BYTES_MAX) return text;
    allocations = allocations.slice(0, allocations.length >> 1);
  }
}

function textOf(line: object): string {
  return `${JSON.stringify(line)}\n`;
}

/** A VF runs a guest's work, so its host trusts its lines no more than a guest's. Undefined: not a line. */
export function decodeVfLine(text: string): VfLine | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null) return undefined;
  const { type, code, message, serial, request, allocations, value, lacking } = fields as Record<string, unknown>;
  if (type === 'warm' || type === 'ready') return { type };
  if (type === 'unconfined') return typeof lacking === 'string' ? { type, lacking: lacking.slice(0, MESSAGE_CHARACTERS_MAX) } : undefined;
  if (type === 'pong') return isCount(serial) ? { type, serial } : undefined;
  if (type === 'turn-over' || type === 'turn-wanted' || type === 'turn-idle') return isCount(serial) ? { type, serial } : undefined;
  if (type === 'latency-class') return isLatencyClass(value) ? { type, value } : undefined;
  if (type === 'allocations') return isCount(request) ? decodeAllocations(request, allocations) : undefined;
  if (type !== 'fault' || typeof code !== 'string' || typeof message !== 'string') return undefined;
  if (!CODE.test(code)) return undefined;
  return { type, code, message };
}

function isLatencyClass(value: unknown): value is LatencyClass {
  return typeof value === 'string' && LatencyClassNumbers[value] !== undefined;
}

function decodeAllocations(request: number, list: unknown): VfLine | undefined {
  if (!Array.isArray(list) || list.length > ALLOCATION_COUNT_MAX) return undefined;
  const allocations = list.map(decodeEntry);
  return allocations.every((entry) => entry !== undefined) ? { type: 'allocations', request, allocations } : undefined;
}

function decodeEntry(value: unknown): AllocationEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { label, kind, bytes } = value as Record<string, unknown>;
  const known = ALLOCATION_KINDS.find((name) => name === kind);
  if (typeof label !== 'string' || known === undefined || !isCount(bytes)) return undefined;
  return { label: label.slice(0, LABEL_CHARACTERS_MAX), kind: known, bytes };
}
