/**
 * The guest's half of the control protocol (the host's half is in pf): JSON objects, one a line. The host
 * is trusted, but it may be of another version, so its lines are decoded and not believed.
 */
export const PROTOCOL = { major: 1, minor: 0 } as const;

export type Transport = 'aperture' | 'stream';

export type GuestLine =
  | { readonly type: 'open'; readonly protocol: typeof PROTOCOL; readonly transport: Transport; readonly pid: number }
  | { readonly type: 'attach'; readonly token: string };

export type HostLine =
  | { readonly type: 'opened'; readonly context: number; readonly token: string }
  | { readonly type: 'ready' }
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  /** `guiltyDevice`: the handle of the device whose work did not end. Absent where that is not known, and from older hosts. */
  | { readonly type: 'lost'; readonly code: string; readonly message: string; readonly guiltyDevice?: number };

/** What an ephemeral host prints while it starts: `starting` before it makes its directory, then `ready`; or `error`. */
export type LaunchLine =
  | { readonly type: 'starting'; readonly directory: string }
  | { readonly type: 'ready'; readonly socket: string; readonly pid: number; readonly adapter: string }
  | { readonly type: 'error'; readonly code: string; readonly message: string };

export function encodeGuestLine(line: GuestLine): Uint8Array {
  return Buffer.from(`${JSON.stringify(line)}\n`);
}

/** Undefined: not a line of this protocol. */
export function decodeHostLine(text: string): HostLine | undefined {
  const fields = objectOf(text);
  const { type, context, token } = fields;
  if (type === 'ready') return { type };
  if (type === 'error') return decodeReason(type, fields);
  if (type === 'lost') return decodeLost(fields);
  if (type !== 'opened' || typeof context !== 'number' || typeof token !== 'string') return undefined;
  return { type, context, token };
}

export function decodeLaunchLine(text: string): LaunchLine | undefined {
  const fields = objectOf(text);
  const { type, directory, socket, pid, adapter } = fields;
  if (type === 'error') return decodeReason(type, fields);
  if (type === 'starting' && typeof directory === 'string') return { type, directory };
  if (type !== 'ready' || typeof socket !== 'string' || typeof pid !== 'number' || typeof adapter !== 'string') return undefined;
  return { type, socket, pid, adapter };
}

function decodeLost(fields: Record<string, unknown>): HostLine | undefined {
  const lost = decodeReason('lost' as const, fields);
  const { guiltyDevice } = fields;
  // Handles are positive. What is none is passed over: the reason matters more.
  return lost !== undefined && isHandle(guiltyDevice) ? { ...lost, guiltyDevice } : lost;
}

function isHandle(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 32;
}

function decodeReason<T>(type: T, { code, message }: Record<string, unknown>): { type: T; code: string; message: string } | undefined {
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  return { type, code, message };
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Not JSON: an object without any field is no line either.
  }
  return {};
}
