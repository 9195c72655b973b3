import { writeSync } from 'node:fs';
import { VF_CONTROL_FD } from './config.ts';

/** What a VF tells its host, one JSON object a line on the control socket. It is told one thing: its assignment. */
export type VfLine =
  /** The adapter is open, and the VF waits for its assignment. One that has come earlier is taken without this line. */
  | { readonly type: 'warm' }
  /** The guest's end is on its way to the guest; commands are executed from now on. */
  | { readonly type: 'ready' }
  /** The VF is about to end itself, and why. */
  | { readonly type: 'fault'; readonly code: string; readonly message: string };

/** Longest line that a host accepts from a VF, newline included. */
export const VF_LINE_BYTES_MAX = 4096;

const MESSAGE_CHARACTERS_MAX = 2000;
const CODE = /^[a-z][a-z0-9-]{0,39}$/;

/** Written in one go and at once: a VF that reports a fault may be in no state to run its event loop. */
export function reportToHost(line: VfLine): void {
  const text = encode(line);
  try {
    writeSync(VF_CONTROL_FD, text);
  } catch {
    // The host is gone or does not read: it has nobody to tell. Ending is up to the caller.
  }
}

function encode(line: VfLine): string {
  if (line.type !== 'fault') return `${JSON.stringify(line)}\n`;
  let message = line.message.slice(0, MESSAGE_CHARACTERS_MAX);
  for (;;) {
    const text = `${JSON.stringify({ ...line, message })}\n`;
    if (Buffer.byteLength(text) <= VF_LINE_BYTES_MAX) return text;
    message = message.slice(0, message.length >> 1);
  }
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
  const { type, code, message } = fields as Record<string, unknown>;
  if (type === 'warm' || type === 'ready') return { type };
  if (type !== 'fault' || typeof code !== 'string' || typeof message !== 'string') return undefined;
  if (!CODE.test(code)) return undefined;
  return { type, code, message };
}
