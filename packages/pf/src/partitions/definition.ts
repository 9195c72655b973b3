import type { Baseline, CapabilityRequest, LatencyClass, PartitionChange, PartitionRequest, TimestampClass } from '../actions.ts';
import { fieldPath, fieldsOf, textOf, wholeNumberOf } from '../fields.ts';
import { PF_LIMITS } from '../limits.ts';
import { type CapabilityBounds, completeCapability, mergeCapability } from './capability.ts';
import { COMPUTE_PARTS, partsOf } from './compute-parts.ts';
import { ANY_NAMES, decodePartitionRequest } from './request.ts';
import { decodeSize, fractionOf } from './sizes.ts';

/**
 * What is kept of a partition over a restart. It holds what was asked for, not what that came to: a size is a part of the
 * adapter that is there, also when the next driver reports another amount of memory.
 */
export interface PartitionDefinition {
  readonly name: string;
  /** Null: nobody's. */
  readonly tenant: string | null;
  readonly adapter: string;
  readonly size: string | null;
  readonly vram: CapabilityRequest;
  readonly compute: CapabilityRequest;
  readonly contextsMax: number;
  readonly hostBytesMax: number;
  readonly baseline: Baseline;
  readonly escapes: readonly string[];
  readonly latencyClass: LatencyClass;
  readonly timestamps: TimestampClass;
  readonly createdMs: number;
  readonly blocked: Blocked | null;
}

/** Why nobody gets a context until somebody says so, and since when. */
export interface Blocked {
  readonly reason: string;
  readonly sinceMs: number;
}

export function definePartition(request: PartitionRequest, adapter: string, nowMs: number): PartitionDefinition {
  return {
    name: request.name,
    tenant: request.tenant ?? null,
    adapter,
    size: request.size ?? null,
    vram: request.vram ?? {},
    compute: request.compute ?? {},
    contextsMax: request.contextsMax ?? PF_LIMITS.contextsPartitionDefault,
    hostBytesMax: request.hostBytesMax ?? PF_LIMITS.hostBytesDefault,
    baseline: request.baseline ?? {},
    escapes: request.escapes ?? [],
    latencyClass: request.latencyClass ?? 'throughput',
    timestamps: request.timestamps ?? 'coarse',
    createdMs: nowMs,
    blocked: null,
  };
}

export function redefinePartition(definition: PartitionDefinition, change: PartitionChange): PartitionDefinition {
  return {
    ...definition,
    vram: mergeCapability(definition.vram, change.vram ?? {}),
    compute: mergeCapability(definition.compute, change.compute ?? {}),
    contextsMax: change.contextsMax ?? definition.contextsMax,
    hostBytesMax: change.hostBytesMax ?? definition.hostBytesMax,
    escapes: change.escapes ?? definition.escapes,
    latencyClass: change.latencyClass ?? definition.latencyClass,
    timestamps: change.timestamps ?? definition.timestamps,
  };
}

/** In bytes, of an adapter with so many. */
export function vramBounds({ size, vram }: PartitionDefinition, adapterBytes: number): CapabilityBounds {
  return completeCapability(vram, sizeShare(size, adapterBytes), adapterBytes);
}

/** In COMPUTE_PARTS. */
export function computeBounds({ size, compute }: PartitionDefinition): CapabilityBounds {
  const parts = Object.fromEntries(Object.entries(compute).map(([name, share]) => [name, partsOf(share)]));
  return completeCapability(parts, sizeShare(size, COMPUTE_PARTS), COMPUTE_PARTS);
}

function sizeShare(size: string | null, total: number): number | null {
  return size === null ? null : fractionOf(total, decodeSize(size, 'size'));
}

const DEFINITION_FIELDS = [
  'name', 'tenant', 'adapter', 'size', 'vram', 'compute', 'contextsMax', 'hostBytesMax', 'baseline', 'escapes', 'latencyClass', 'timestamps', 'createdMs', 'blocked',
] as const satisfies readonly (keyof PartitionDefinition)[];
const BLOCKED_FIELDS = ['reason', 'sinceMs'] as const;

const REASON = { pattern: /^/, lengthMax: 1000, is: 'a text' };
const TIME = { min: 0, max: Number.MAX_SAFE_INTEGER, unit: 'ms' };

/** Reads one definition of a file. Names of escapes, features and limits may be another version's. */
export function decodeDefinition(value: unknown, path: string): PartitionDefinition {
  const { createdMs, blocked, size, adapter, tenant, ...rest } = fieldsOf(value, path, DEFINITION_FIELDS);
  const wish = { ...rest, adapter: adapter ?? null, ...(size !== null && { size }), ...(tenant !== null && { tenant }) };
  const request = decodePartitionRequest(wish, ANY_NAMES, path);
  const definition = definePartition(request, request.adapter as string, wholeNumberOf(createdMs, fieldPath(path, 'createdMs'), TIME));
  return { ...definition, blocked: decodeBlocked(blocked ?? null, fieldPath(path, 'blocked')) };
}

function decodeBlocked(value: unknown, path: string): Blocked | null {
  if (value === null) return null;
  const { reason, sinceMs } = fieldsOf(value, path, BLOCKED_FIELDS);
  return { reason: textOf(reason, fieldPath(path, 'reason'), REASON), sinceMs: wholeNumberOf(sinceMs, fieldPath(path, 'sinceMs'), TIME) };
}
