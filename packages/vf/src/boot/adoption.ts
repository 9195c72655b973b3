import { assert, isCount } from '@gpup/base';

/**
 * How a host process takes over a VF of the one before: it connects to the VF's socket, and the VF says who it is
 * and whose work it does, with copies of the descriptors that it keeps for that purpose: the guest's control
 * connection and, where the hello has a `page`, the partition's page.
 *
 * Two builds of gpup meet here in an upgrade. A host takes over only what speaks its major version; a newer minor
 * version may say more, and what is missing is refused.
 */
export const ADOPTION_PROTOCOL = { major: 1, minor: 1 } as const;

/** From this minor version on a VF takes turns (host-request.ts). An older one passes over them and never waits. */
export const TURNS_MINOR = 1;

/** What a host process that has never seen the context has to know of it. */
export interface ContextDescription {
  readonly contextId: number;
  readonly partition: string;
  readonly adapter: string;
  /** As the guest says, for people. */
  readonly guestPid: number;
  /** Since the epoch. */
  readonly openedMs: number;
}

export interface AdoptionHello {
  readonly type: 'hello';
  readonly protocol: { readonly major: number; readonly minor: number };
  readonly vfId: string;
  readonly pid: number;
  /** Of the process, in clock ticks since boot. */
  readonly startTicks: number;
  /** Whether it executes commands yet. */
  readonly isReady: boolean;
  readonly context: ContextDescription;
  /** Its place in the partition's page. */
  readonly page: { readonly slotIndex: number } | null;
}

/** Longest hello, newline included. */
export const HELLO_BYTES_MAX = 2048;
/** Of the hello: the guest's control connection, and the page. */
export const HELLO_DESCRIPTORS_MAX = 2;

const VF_ID = /^[0-9a-f]{16}$/;
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
/** So that numbers of contexts to come are never used up, whatever a VF says of its own. */
export const CONTEXT_ID_MAX = 2 ** 31 - 1;
/** The last moment that a Date can be, in ms since the epoch: beyond it there is nothing that could be shown. */
const DATE_MS_MAX = 8.64e15;
/** More than any page has; who reads the page knows better. */
const SLOT_INDEX_MAX = 1023;

export function isVfId(value: unknown): value is string {
  return typeof value === 'string' && VF_ID.test(value);
}

/** For what names a partition or an adapter. The empty one is that of a host without partitions. */
export function isContextPlace(value: unknown): value is string {
  return value === '' || (typeof value === 'string' && NAME.test(value));
}

export function encodeHello(hello: AdoptionHello): Uint8Array {
  const bytes = new TextEncoder().encode(`${JSON.stringify(hello)}\n`);
  assert(bytes.length <= HELLO_BYTES_MAX);
  return bytes;
}

/** The VF runs a guest's work and may have been taken over by it, so nothing is believed but what is whole. */
export function decodeHello(text: string): AdoptionHello | undefined {
  const fields = recordOf(text);
  const { type, protocol, vfId, pid, startTicks, isReady } = fields;
  const version = decodeVersion(protocol);
  if (type !== 'hello' || version === undefined || version.major !== ADOPTION_PROTOCOL.major) return undefined;
  if (!isVfId(vfId) || !isCount(pid) || !isCount(startTicks) || typeof isReady !== 'boolean') return undefined;
  const context = decodeContextDescription(fields['context']);
  const page = decodePagePlace(fields['page']);
  if (context === undefined || page === undefined) return undefined;
  return { type, protocol: version, vfId, pid, startTicks, isReady, context, page };
}

export function decodeContextDescription(value: unknown): ContextDescription | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { contextId, partition, adapter, guestPid, openedMs } = value as Record<string, unknown>;
  if (!isCount(contextId) || contextId === 0 || contextId > CONTEXT_ID_MAX || !isContextPlace(partition) || !isContextPlace(adapter)) return undefined;
  if (!isCount(guestPid) || !isCount(openedMs) || openedMs > DATE_MS_MAX) return undefined;
  return { contextId, partition, adapter, guestPid, openedMs };
}

/** Undefined: neither a place nor none. */
export function decodePagePlace(value: unknown): { readonly slotIndex: number } | null | undefined {
  if (value === null) return null;
  if (typeof value !== 'object' || value === undefined) return undefined;
  const { slotIndex } = value as Record<string, unknown>;
  return isCount(slotIndex) && slotIndex <= SLOT_INDEX_MAX ? { slotIndex } : undefined;
}

function decodeVersion(value: unknown): { readonly major: number; readonly minor: number } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { major, minor } = value as Record<string, unknown>;
  return isCount(major) && isCount(minor) ? { major, minor } : undefined;
}

function recordOf(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // No JSON: an object without any field is no hello either.
  }
  return {};
}
