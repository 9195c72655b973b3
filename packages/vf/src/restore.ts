import { assert } from '@gpup/base';
import type { Context } from './context.ts';
import type { DeviceState } from './device-state.ts';
import { Kind } from './generated/kinds.gen.ts';
import type { JournalSnapshot, JournalState } from './journal.ts';
import type { Known } from './object-table.ts';
import { deviceOf } from './objects/device.ts';

const FILTERS: readonly GPUErrorFilter[] = ['validation', 'out-of-memory', 'internal'];

/**
 * Plays a journal back: the packets in their order, each as if its guest had just sent it, except that
 * nobody hears of answers and errors; then the states that no packet tells of.
 */
export async function restoreJournal(context: Context, snapshot: JournalSnapshot, execute: (packet: Uint32Array) => void): Promise<void> {
  assert(context.table.recordCount === 0, 'the context has objects');
  const refused = new Set<number>();
  for (const { sequence, state } of snapshot.states) if (state === 'invalid') refused.add(sequence);
  const shielded = new Set<DeviceState>();
  context.replies.isMuted = true;
  try {
    for (const { sequence, packet } of snapshot.entries) {
      context.isNextRefused = refused.has(sequence);
      execute(packet);
      if (context.replies.pendingCount > 0) await answered(context);
      shield(context.devices, shielded);
    }
    context.isNextRefused = false;
    applyStates(context, snapshot.states);
  } finally {
    context.isNextRefused = false;
    for (const { scopes } of shielded) for (const _ of FILTERS) void scopes.pop();
    context.replies.isMuted = false;
  }
}

function answered({ replies }: Context): Promise<void> {
  return new Promise((resolve) => {
    replies.onIdle = () => {
      replies.onIdle = () => {};
      resolve();
    };
  });
}

/** Errors of the playback end in scopes that are thrown away. */
function shield(devices: ReadonlySet<DeviceState>, shielded: Set<DeviceState>): void {
  for (const device of devices) {
    if (shielded.has(device)) continue;
    shielded.add(device);
    for (const filter of FILTERS) device.scopes.push(filter);
  }
}

/** The playback creates objects in the order of the snapshot, so the two lists run side by side. */
function applyStates(context: Context, states: readonly JournalState[]): void {
  const all = [...context.table.all()];
  if (all.length !== states.length) throw new Error(`The journal has ${states.length} objects, ${all.length} of them could be made again.`);
  for (const [index, known] of all.entries()) apply(context, known, states[index] as JournalState);
}

function apply(context: Context, known: Known, { handle, state, label }: JournalState): void {
  assert(known.handle === handle);
  if (known.state === 'invalid' && state === 'valid') throw new Error(`Object ${handle} ("${label}") could not be made again.`);
  if (label !== known.label) setLabel(context, known, label);
  if (state === 'destroyed') context.dropMemory(known as Known<GPUBuffer | GPUTexture | GPUQuerySet>);
  if (state === 'lost' && known.kind === Kind.GPUDevice) {
    const device = deviceOf(known);
    context.deviceLost(device);
    device.native.destroy();
  }
}

function setLabel(context: Context, known: Known, label: string): void {
  context.relabel(known, label);
  if (known.state === 'valid' && known.kind !== Kind.GPUAdapter) (known.native as GPUObjectBase).label = label;
}
