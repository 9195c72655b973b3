import type { Baseline, CapabilityRequest, PartitionChange, PartitionRequest } from '../actions.ts';
import { type TextRule, badField, fieldPath, fieldsOf, listOf, numberOf, recordOf, textOf, wholeNumberOf, wordOf } from '../fields.ts';
import { PF_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import { checkOrder } from './capability.ts';
import { COMPUTE_PARTS, partsOf } from './compute-parts.ts';
import { decodeSize } from './sizes.ts';
import { TIMESTAMP_CLASSES } from './timestamps.ts';

/** The names that exist in this host. Null where any will do: what was checked once may be older or newer than this host. */
export interface KnownNames {
  readonly escapes: readonly string[] | null;
  readonly features: readonly string[] | null;
  readonly limits: readonly string[] | null;
}

export const ANY_NAMES: KnownNames = { escapes: null, features: null, limits: null };

const REQUEST_FIELDS = ['name', 'tenant', 'adapter', 'size', 'vram', 'compute', 'encode', 'contextsMax', 'hostBytesMax', 'baseline', 'escapes', 'latencyClass', 'timestamps'] as const;
const CHANGE_FIELDS = ['vram', 'compute', 'encode', 'contextsMax', 'hostBytesMax', 'escapes', 'latencyClass', 'timestamps', 'whenInUse'] as const;
const LATENCY_CLASSES = ['interactive', 'throughput'] as const;
const CAPABILITY_FIELDS = ['min', 'max', 'optimal'] as const;
const BASELINE_FIELDS = ['features', 'limits'] as const;

/** Becomes a file name and part of a host name: no dots, no capitals, nothing that a shell would read. */
export const PARTITION_NAME: TextRule = {
  pattern: /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/,
  lengthMax: PF_LIMITS.partitionNameLengthMax,
  is: 'a name of lower-case letters, digits and hyphens (none at its ends)',
};
/** A metric's label, and a cell of an exported table. */
export const TENANT_NAME: TextRule = { ...PARTITION_NAME, is: "a tenant's name of lower-case letters, digits and hyphens (none at its ends)" };
const ADAPTER_ID: TextRule = { pattern: /^(?:hardware|software)-(?:0|[1-9][0-9]{0,2})$/, lengthMax: 16, is: 'the id of an adapter (hardware-0, software-0, …)' };
/** Where the known names are not to hand. */
const ANY_NAME: TextRule = { pattern: /^[A-Za-z][A-Za-z0-9._-]*$/, lengthMax: 100, is: 'a name' };
const ANY_TEXT: TextRule = { pattern: /^/, lengthMax: 100, is: 'a text' };

/** What is asked for, checked as far as it can be without an adapter. Unknown JSON in; throws a Refusal that names the field. */
export function decodePartitionRequest(value: unknown, known: KnownNames, path = ''): PartitionRequest {
  const fields = fieldsOf(value, path, REQUEST_FIELDS);
  refuseEncode(fields.encode, fieldPath(path, 'encode'));
  return {
    name: textOf(fields.name, fieldPath(path, 'name'), PARTITION_NAME),
    ...given('tenant', fields.tenant, path, (tenant, at) => textOf(tenant, at, TENANT_NAME)),
    ...given('adapter', fields.adapter, path, (adapter, at) => textOf(adapter, at, ADAPTER_ID)),
    ...given('size', fields.size, path, decodeSizeName),
    ...given('baseline', fields.baseline, path, (baseline, at) => decodeBaseline(baseline, at, known)),
    ...decodeChangeable(fields, known, path),
  };
}

export function decodePartitionChange(value: unknown, known: KnownNames): PartitionChange {
  const fields = fieldsOf(value, '', CHANGE_FIELDS);
  refuseEncode(fields.encode, 'encode');
  return {
    ...decodeChangeable(fields, known, ''),
    ...given('whenInUse', fields.whenInUse, '', (whenInUse, at) => wordOf(whenInUse, at, ['refuse', 'wait'] as const)),
  };
}

type Changeable = Omit<PartitionChange, 'whenInUse'>;

/** What can be asked for at first and later alike. */
function decodeChangeable(fields: Readonly<Partial<Record<keyof Changeable, unknown>>>, known: KnownNames, path: string): Changeable {
  return {
    ...given('vram', fields.vram, path, decodeVram),
    ...given('compute', fields.compute, path, decodeCompute),
    ...given('contextsMax', fields.contextsMax, path, (count, at) => wholeNumberOf(count, at, { min: 1, max: PF_LIMITS.contextsPartitionMax })),
    ...given('hostBytesMax', fields.hostBytesMax, path, (bytes, at) =>
      wholeNumberOf(bytes, at, { min: PF_LIMITS.hostBytesMin, max: PF_LIMITS.hostBytesMax, unit: 'bytes' }),
    ),
    ...given('escapes', fields.escapes, path, (escapes, at) => namesOf(escapes, at, { known: known.escapes, countMax: PF_LIMITS.escapesMax, code: 'unknown-escape' })),
    ...given('latencyClass', fields.latencyClass, path, (latencyClass, at) => wordOf(latencyClass, at, LATENCY_CLASSES)),
    ...given('timestamps', fields.timestamps, path, (timestamps, at) => wordOf(timestamps, at, TIMESTAMP_CLASSES)),
  };
}

/** An encoder would have to enforce them; a number that nobody enforces is not taken. */
function refuseEncode(value: unknown, path: string): void {
  if (value === undefined) return;
  throw new Refusal('encode-unsupported', `The field ${path} is not supported: this host has no encoder that could hold a partition to encode blocks.`, path);
}

function decodeSizeName(value: unknown, path: string): string {
  const text = textOf(value, path, ANY_TEXT);
  decodeSize(text, path);
  return text;
}

function decodeVram(value: unknown, path: string): CapabilityRequest {
  return decodeCapability(value, path, (bytes, at, min) => wholeNumberOf(bytes, at, { min, max: PF_LIMITS.vramBytesMax, unit: 'bytes' }));
}

function decodeCompute(value: unknown, path: string): CapabilityRequest {
  return decodeCapability(value, path, (share, at, min) => {
    const decoded = numberOf(share, at, { min: 0, max: 1 });
    if (partsOf(decoded) < min) throw badField(at, share, `is less than the smallest part of an adapter's time (1/${COMPUTE_PARTS})`);
    return decoded;
  });
}

/** A min may be nothing; an aim or a bound of nothing would be a partition that can do nothing. */
function decodeCapability(value: unknown, path: string, decode: (value: unknown, path: string, min: number) => number): CapabilityRequest {
  const fields = fieldsOf(value, path, CAPABILITY_FIELDS);
  const capability = {
    ...given('min', fields.min, path, (min, at) => decode(min, at, 0)),
    ...given('max', fields.max, path, (max, at) => decode(max, at, 1)),
    ...given('optimal', fields.optimal, path, (optimal, at) => decode(optimal, at, 1)),
  };
  checkOrder(capability, path);
  return capability;
}

export function decodeBaseline(value: unknown, path: string, known: KnownNames): Baseline {
  const fields = fieldsOf(value, path, BASELINE_FIELDS);
  return {
    ...given('features', fields.features, path, (features, at) =>
      namesOf(features, at, { known: known.features, countMax: PF_LIMITS.baselineNamesMax, code: 'unknown-feature' }),
    ),
    ...given('limits', fields.limits, path, (limits, at) => decodeLimits(limits, at, known.limits)),
  };
}

function decodeLimits(value: unknown, path: string, known: readonly string[] | null): Readonly<Record<string, number>> {
  const entries = Object.entries(recordOf(value, path));
  listOf(entries, path, PF_LIMITS.baselineNamesMax);
  return Object.fromEntries(
    entries.map(([name, limit]) => {
      const at = fieldPath(path, name);
      checkName(name, at, known, 'unknown-limit');
      return [name, wholeNumberOf(limit, at, { min: 0, max: Number.MAX_SAFE_INTEGER })];
    }),
  );
}

interface NameList {
  readonly known: readonly string[] | null;
  readonly countMax: number;
  readonly code: string;
}

function namesOf(value: unknown, path: string, { known, countMax, code }: NameList): readonly string[] {
  const names = listOf(value, path, countMax).map((name, index) => checkName(name, `${path}[${index}]`, known, code));
  const again = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (again >= 0) throw badField(`${path}[${again}]`, names[again], 'is in the list already');
  return names;
}

function checkName(value: unknown, path: string, known: readonly string[] | null, code: string): string {
  return known === null ? textOf(value, path, ANY_NAME) : wordOf(value, path, known, code);
}

/** A field that is there, decoded; nothing where it is not. */
function given<Name extends string, Type>(
  name: Name,
  value: unknown,
  path: string,
  decode: (value: unknown, path: string) => Type,
): { readonly [Key in Name]?: Type } {
  if (value === undefined) return {};
  return { [name]: decode(value, fieldPath(path, name)) } as { readonly [Key in Name]: Type };
}
