import { isCount } from '@gpup/base';

/**
 * A context's turn on its adapter. It stands instead of whatever the VF was told before, and the VF answers it with
 * `turn-over`, once; with `turn-wanted` and `turn-idle` (control-line.ts) at most once.
 */
export interface Turn {
  /** Named in what the VF says of this turn. */
  readonly serial: number;
  /**
   * Submits are let through before this time of the monotonic clock (whole microseconds); later ones wait for another
   * turn. 0: none is let through, from now on.
   */
  readonly untilUs: number;
  /** The VF is to say when it has nothing to do. */
  readonly yields: boolean;
}

/** What a host asks a VF that has a guest, one JSON object a line on the control connection. */
export type HostRequest =
  /** Answered with `pong` by the thread that executes commands. */
  | { readonly type: 'ping'; readonly serial: number }
  /** Answered with `allocations`. */
  | { readonly type: 'allocations'; readonly request: number; readonly countMax: number }
  /** What the partition opens to its guests from now on. Not answered. */
  | { readonly type: 'escapes'; readonly names: readonly string[] }
  | ({ readonly type: 'turn' } & Turn)
  /** There are no turns: every submit is let through, and nothing is said of them. So it is until the first turn, and without a host. */
  | { readonly type: 'turn-free' }
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
  const { type, serial, request, countMax, names, untilUs, yields, code, message } = fields as Record<string, unknown>;
  if (type === 'ping' && isCount(serial)) return { type, serial };
  if (type === 'allocations' && isCount(request) && isCount(countMax)) return { type, request, countMax };
  if (type === 'escapes' && Array.isArray(names) && names.every((name) => typeof name === 'string')) return { type, names: names as string[] };
  if (type === 'turn' && isCount(serial) && isCount(untilUs) && typeof yields === 'boolean') return { type, serial, untilUs, yields };
  if (type === 'turn-free') return { type };
  if (type === 'end' && typeof code === 'string' && typeof message === 'string') return { type, code, message };
  return undefined;
}
