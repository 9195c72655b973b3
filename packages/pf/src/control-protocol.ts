import { isCount } from '@gpup/base';
import type { Transport } from '@gpup/vf/boot';

/**
 * The control protocol between a guest and the host process: JSON objects, one a line, over a Unix
 * socket. A control connection opens a context and stays open for as long as the context lives; its
 * end is the guest's end. A data connection presents the context's token, and its descriptor then
 * becomes the VF's.
 *
 * Another major version is refused. A newer minor version of a guest may use only what the version in
 * our `opened` line has, so a line that we do not know is a fault here.
 */
export const PROTOCOL = { major: 1, minor: 0 } as const;

export interface ProtocolVersion {
  readonly major: number;
  readonly minor: number;
}

export type GuestLine =
  | {
      readonly type: 'open';
      readonly protocol: ProtocolVersion;
      readonly transport: Transport;
      /** For people who read a list of contexts. Nothing is decided by it. */
      readonly pid: number;
    }
  | { readonly type: 'attach'; readonly token: string };

/** Why a context was refused or lost: a stable word for programs and a sentence for people. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

export type HostLine =
  | { readonly type: 'opened'; readonly protocol: ProtocolVersion; readonly context: number; readonly token: string }
  /** The VF executes commands, and what the guest needs waits in the data connection. */
  | { readonly type: 'ready' }
  /** The context was not opened. */
  | ({ readonly type: 'error' } & Reason)
  /** The context is gone. Whose work it was that did not end, where that is known: a device's handle. */
  | ({ readonly type: 'lost'; readonly guiltyDevice?: number } & Reason);

export const TOKEN_BYTES = 32;
const TOKEN = new RegExp(`^[0-9a-f]{${TOKEN_BYTES * 2}}$`);

export function encodeHostLine(line: HostLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** The line, or why it is none. Whoever wrote it may be hostile. */
export function decodeGuestLine(text: string): GuestLine | Reason {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return malformed('is not JSON');
  }
  if (typeof fields !== 'object' || fields === null) return malformed('is not a JSON object');
  const { type } = fields as Record<string, unknown>;
  if (type === 'open') return decodeOpen(fields as Record<string, unknown>);
  if (type === 'attach') return decodeAttach(fields as Record<string, unknown>);
  return malformed(`has an unknown type (${shown(type)})`);
}

export function isReason(line: GuestLine | Reason): line is Reason {
  return 'code' in line;
}

function decodeOpen({ protocol, transport, pid }: Record<string, unknown>): GuestLine | Reason {
  // The version comes first: in another major version the other fields may mean anything.
  if (typeof protocol !== 'object' || protocol === null) return malformed(`has no protocol version (${shown(protocol)})`);
  const { major, minor } = protocol as Record<string, unknown>;
  if (!isCount(major) || !isCount(minor)) return malformed(`has an invalid protocol version (${shown(protocol)})`);
  if (major !== PROTOCOL.major) {
    return {
      code: 'protocol-version',
      message: `The guest speaks protocol ${major}.${minor}; this host speaks ${PROTOCOL.major}.${PROTOCOL.minor}, and only versions with the same major number (${PROTOCOL.major}) interwork.`,
    };
  }
  if (transport !== 'aperture' && transport !== 'stream') return malformed(`has an unknown transport (${shown(transport)})`);
  if (!isCount(pid)) return malformed(`has an invalid pid (${shown(pid)})`);
  return { type: 'open', protocol: { major, minor }, transport, pid };
}

function decodeAttach({ token }: Record<string, unknown>): GuestLine | Reason {
  if (typeof token !== 'string' || !TOKEN.test(token)) return malformed('has an invalid token');
  return { type: 'attach', token };
}

function malformed(what: string): Reason {
  return { code: 'bad-line', message: `A line on the control connection ${what}.` };
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 100);
}
