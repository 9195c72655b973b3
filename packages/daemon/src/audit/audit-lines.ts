import { isCount, printableJson } from '@gpup/base';
import type { AuditEntry, Change } from '@gpup/pf/access';

/**
 * Lines of the audit log. A change has two: one before it, with all that is asked for, and one after it, with what became
 * of it. A change without the second line is one that the host did not live to tell of.
 */
export type AuditLine =
  | { readonly kind: 'begun'; readonly id: number; readonly timeMs: number; readonly change: Change }
  | { readonly kind: 'ended'; readonly id: number; readonly timeMs: number; readonly outcome: string };

export function encodeBegun(id: number, timeMs: number, { asked, ...change }: Change): string {
  return `${printableJson({ id, time: new Date(timeMs).toISOString(), ...change, asked: JSON.parse(asked) as unknown })}\n`;
}

export function encodeEnded(id: number, timeMs: number, outcome: string): string {
  return `${printableJson({ id, time: new Date(timeMs).toISOString(), outcome })}\n`;
}

/** Undefined: the line is damaged, as one that a crash has cut short. */
export function decodeAuditLine(line: string): AuditLine | undefined {
  const fields = parsed(line);
  const { id, time, outcome } = fields;
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (!isCount(id) || Number.isNaN(timeMs)) return undefined;
  if (typeof outcome === 'string') return { kind: 'ended', id, timeMs, outcome };
  const change = decodeChange(fields);
  return change === undefined ? undefined : { kind: 'begun', id, timeMs, change };
}

function decodeChange({ by, tenant, token, peer, operation, target, asked }: Readonly<Record<string, unknown>>): Change | undefined {
  const isKnown = (by === 'operator' || by === 'tenant' || by === 'host') && isNameOrNull(tenant) && isNameOrNull(token);
  if (!isKnown || typeof peer !== 'string' || typeof operation !== 'string' || typeof target !== 'string') return undefined;
  return { by, tenant, token, peer, operation, target, asked: JSON.stringify(asked ?? {}) };
}

function isNameOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export function begunEntry(id: number, timeMs: number, change: Change): AuditEntry {
  return { id, timeMs, ...change, outcome: 'pending', endedMs: null };
}
