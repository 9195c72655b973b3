import { isCount } from '@gpup/base';

/** What a host asks a VF that has a guest, one JSON object a line on the control connection. */
export type HostRequest =
  /** Answered with `pong` by the thread that executes commands. */
  | { readonly type: 'ping'; readonly serial: number }
  /** Answered with `allocations`. */
  | { readonly type: 'allocations'; readonly request: number; readonly countMax: number }
  /** What the partition opens to its guests from now on. Not answered. */
  | { readonly type: 'escapes'; readonly names: readonly string[] }
  /** The VF ends itself, and says this as its reason. */
  | { readonly type: 'end'; readonly code: string; readonly message: string };

/** Longest line that a VF accepts from its host, newline included. */
export const HOST_REQUEST_BYTES_MAX = 4096;

export function encodeHostRequest(request: HostRequest): string {
  return `${JSON.stringify(request)}\n`;
}

/** A host is trusted, yet it may be of a later build, which asks for more: undefined for what is no request of ours. */
export function decodeHostRequest(text: string): HostRequest | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null) return undefined;
  const { type, serial, request, countMax, names, code, message } = fields as Record<string, unknown>;
  if (type === 'ping' && isCount(serial)) return { type, serial };
  if (type === 'allocations' && isCount(request) && isCount(countMax)) return { type, request, countMax };
  if (type === 'escapes' && Array.isArray(names) && names.every((name) => typeof name === 'string')) return { type, names: names as string[] };
  if (type === 'end' && typeof code === 'string' && typeof message === 'string') return { type, code, message };
  return undefined;
}
