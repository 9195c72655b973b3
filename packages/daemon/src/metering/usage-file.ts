/** What is kept of what partitions have used: `STATE/usage.json`. */
import { PF_LIMITS } from '@gpup/pf';
import { fieldPath, fieldsOf, listOf, numberOf, recordOf, shown, textOf, wholeNumberOf } from '@gpup/pf/fields';
import { loadKept, writeKeptFile } from '@gpup/pf/kept-file';
import { PARTITION_NAME, TENANT_NAME } from '@gpup/pf/partitions';
import { Refusal } from '@gpup/pf/refusal';
import type { Account, Amounts, Reading } from './meter-account.ts';
import type { MeterState, MeteredLife, TenantSum } from './meter.ts';

const USAGE_VERSION = 1;

/** Null where there is no file. Throws a Refusal for one that is damaged; the file stays as it is. */
export function loadUsage(path: string): MeterState | null {
  return loadKept(path, { bytesMax: PF_LIMITS.usageBytesMax, decode: decodeUsage, code: 'usage-damaged', what: 'The usage', otherwise: 'at zero' });
}

export function saveUsage(path: string, state: MeterState): void {
  writeKeptFile(path, `${JSON.stringify({ version: USAGE_VERSION, ...state })}\n`);
}

const ANY_TEXT = { pattern: /^/, lengthMax: 100, is: 'a text' };
const TIME = { min: 0, max: Number.MAX_SAFE_INTEGER, unit: 'ms' };
const AMOUNT = { min: 0, max: Number.MAX_VALUE };
/** Live ones and removed ones. */
const LIVES_MAX = 64 * PF_LIMITS.partitionsPerAdapterMax + PF_LIMITS.usageRemovedMax;

function decodeUsage(value: unknown): MeterState {
  const { version } = recordOf(value, '');
  if (version !== USAGE_VERSION) throw new Refusal('bad-version', `Its version (${shown(version)}) is not the one that this host reads (${USAGE_VERSION}).`, 'version');
  const { sinceMs, savedMs, lives, earlier } = fieldsOf(value, '', ['version', 'sinceMs', 'savedMs', 'lives', 'earlier']);
  return {
    sinceMs: wholeNumberOf(sinceMs, 'sinceMs', TIME),
    savedMs: wholeNumberOf(savedMs, 'savedMs', TIME),
    lives: listOf(lives, 'lives', LIVES_MAX).map((life, index) => decodeLife(life, `lives[${index}]`)),
    earlier: listOf(earlier, 'earlier', PF_LIMITS.usageTenantsMax).map((sum, index) => decodeSum(sum, `earlier[${index}]`)),
  };
}

function decodeLife(value: unknown, path: string): MeteredLife {
  const fields = fieldsOf(value, path, ['tenant', 'partition', 'adapter', 'createdMs', 'removedMs', 'account']);
  return {
    tenant: decodeTenant(fields.tenant, fieldPath(path, 'tenant')),
    partition: textOf(fields.partition, fieldPath(path, 'partition'), PARTITION_NAME),
    adapter: textOf(fields.adapter, fieldPath(path, 'adapter'), ANY_TEXT),
    createdMs: wholeNumberOf(fields.createdMs, fieldPath(path, 'createdMs'), TIME),
    removedMs: fields.removedMs === null ? null : wholeNumberOf(fields.removedMs, fieldPath(path, 'removedMs'), TIME),
    account: decodeAccount(fields.account, fieldPath(path, 'account')),
  };
}

function decodeAccount(value: unknown, path: string): Account {
  const { gpuTimeUs, vramUnits, vramRest, allowanceUs, last } = fieldsOf(value, path, ['gpuTimeUs', 'vramUnits', 'vramRest', 'allowanceUs', 'last']);
  return {
    ...decodeAmounts({ gpuTimeUs, vramUnits }, path),
    vramRest: numberOf(vramRest, fieldPath(path, 'vramRest'), { min: 0, max: 1 }),
    allowanceUs: numberOf(allowanceUs, fieldPath(path, 'allowanceUs'), AMOUNT),
    last: last === null ? null : decodeReading(last, fieldPath(path, 'last')),
  };
}

function decodeReading(value: unknown, path: string): Reading {
  const fields = fieldsOf(value, path, ['page', 'atUs', 'gpuTimeUs', 'vramBytes', 'contextCount']);
  const amount = (name: 'atUs' | 'gpuTimeUs' | 'vramBytes' | 'contextCount'): number => numberOf(fields[name], fieldPath(path, name), AMOUNT);
  return { page: textOf(fields.page, fieldPath(path, 'page'), ANY_TEXT), atUs: amount('atUs'), gpuTimeUs: amount('gpuTimeUs'), vramBytes: amount('vramBytes'), contextCount: amount('contextCount') };
}

function decodeSum(value: unknown, path: string): TenantSum {
  const { tenant, ...amounts } = fieldsOf(value, path, ['tenant', 'gpuTimeUs', 'vramUnits']);
  return { tenant: decodeTenant(tenant, fieldPath(path, 'tenant')), ...decodeAmounts(amounts, path) };
}

function decodeAmounts({ gpuTimeUs, vramUnits }: { readonly gpuTimeUs?: unknown; readonly vramUnits?: unknown }, path: string): Amounts {
  return { gpuTimeUs: numberOf(gpuTimeUs, fieldPath(path, 'gpuTimeUs'), AMOUNT), vramUnits: numberOf(vramUnits, fieldPath(path, 'vramUnits'), AMOUNT) };
}

function decodeTenant(value: unknown, path: string): string | null {
  return value === null ? null : textOf(value, path, TENANT_NAME);
}
