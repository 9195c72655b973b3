import { closeSync, writeSync } from 'node:fs';

/** What a daemon tells whoever started it, once: one JSON line on the descriptor that this variable names. */
export const READY_FD_VARIABLE = 'GPUP_DAEMON_READY_FD';

export type ReadyLine =
  | { readonly type: 'ready'; readonly pid: number; readonly apiSocket: string; readonly adoptedCount: number }
  | { readonly type: 'error'; readonly code: string; readonly message: string };

export function announce(line: ReadyLine): void {
  const fd = Number(process.env[READY_FD_VARIABLE] ?? Number.NaN);
  if (!Number.isInteger(fd)) return;
  try {
    writeSync(fd, `${JSON.stringify(line)}\n`);
    closeSync(fd);
  } catch {
    // It has not waited for us.
  }
}

export function decodeReadyLine(text: string): ReadyLine | undefined {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { type, pid, apiSocket, adoptedCount, code, message } = fields;
  if (type === 'ready' && typeof pid === 'number' && typeof apiSocket === 'string' && typeof adoptedCount === 'number') return { type, pid, apiSocket, adoptedCount };
  return type === 'error' && typeof code === 'string' && typeof message === 'string' ? { type, code, message } : undefined;
}
