import type { AuditEntry, IssuedToken, MeteredFigures, TokenView, UsageReport } from '@gpup/api/client';
import { columns, duration, size, time } from './text.ts';

/** The secret stands alone on its line, so that it can be cut out. */
export function issuedText({ token, secret }: IssuedToken): string {
  return `${secret}\nToken ${token.id}, ${bearerText(token)}. Its secret is not shown again.\n`;
}

export function tokensText(tokens: readonly TokenView[]): string {
  const rows = tokens.map((token) => [
    token.id,
    token.role,
    token.tenant ?? '-',
    token.name ?? '-',
    time(token.createdMs),
    token.usedMs === null ? '-' : time(token.usedMs),
    token.olderSecrets.map(({ leftMs, usedMs }) => `${duration(leftMs * 1000)}${usedMs === null ? '' : `, used ${time(usedMs)}`}`).join('; ') || '-',
  ]);
  return columns(['TOKEN', 'ROLE', 'TENANT', 'NAME', 'CREATED', 'USED', 'OLDER SECRETS FOR'], rows);
}

export function usageText({ atMs, sinceMs, tenants, partitions }: UsageReport): string {
  const totals = columns(['TENANT', 'GPU TIME', 'MEMORY HOURS'], tenants.map((figures) => [figures.tenant ?? '-', ...figuresText(figures)]));
  const rows = partitions.map((life) => [life.partition, life.tenant ?? '-', life.adapter, ...figuresText(life), time(life.createdMs), life.removedMs === null ? '-' : time(life.removedMs)]);
  const lives = columns(['PARTITION', 'TENANT', 'ADAPTER', 'GPU TIME', 'MEMORY HOURS', 'CREATED', 'REMOVED'], rows);
  return `From ${time(sinceMs)} to ${time(atMs)}\n\n${totals}\n${lives}`;
}

function figuresText({ gpuSeconds, vramByteHours }: MeteredFigures): readonly [string, string] {
  return [duration(gpuSeconds * 1e6), `${size(vramByteHours)} h`];
}

/** Names have no comma, quote or line end in them, and begin with no sign that a spreadsheet would work out. */
export function usageCsv({ partitions }: UsageReport): string {
  const rows = partitions.map(({ tenant, partition, adapter, createdMs, removedMs, gpuSeconds, vramByteHours }) => [
    tenant ?? '', partition, adapter, new Date(createdMs).toISOString(), removedMs === null ? '' : new Date(removedMs).toISOString(), gpuSeconds, vramByteHours,
  ]);
  return [['tenant', 'partition', 'adapter', 'created', 'removed', 'gpu_seconds', 'vram_byte_hours'], ...rows].map((row) => `${row.join(',')}\n`).join('');
}

export function auditText(entries: readonly AuditEntry[]): string {
  const rows = entries.map((entry) => [String(entry.id), time(entry.timeMs), whoText(entry), entry.operation, entry.target === '' ? '-' : entry.target, entry.outcome, entry.asked]);
  return columns(['ENTRY', 'TIME', 'WHO', 'OPERATION', 'TARGET', 'OUTCOME', 'ASKED'], rows);
}

function whoText({ by, tenant, token, peer }: AuditEntry): string {
  if (by === 'host') return 'the host';
  return `${by}${tenant === null ? '' : ` ${tenant}`}, ${token === null ? '' : `token ${token}, `}${peer}`;
}

function bearerText({ role, tenant }: TokenView): string {
  return role === 'operator' ? 'which may do everything' : `which may do what is ${tenant}'s`;
}
