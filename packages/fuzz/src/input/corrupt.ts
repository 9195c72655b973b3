import { handles } from '@gpup/wire';
import type { GuestModel } from '../model/guest-model.ts';
import { ANY_RESOURCE, RESULT, type Span } from '../model/reference-decoder.ts';
import type { FieldType } from '../schema.ts';
import { presenceMasks } from '../schema-index.ts';
import { type Anatomy, replaceWords, spliceBlock } from './anatomy.ts';
import type { Random } from './random.ts';
import { EDGES } from './values.ts';

/** What there is to break, and what for. */
export interface Breakage {
  readonly anatomy: Anatomy;
  readonly random: Random;
  readonly model: GuestModel;
  /** The recorded command to break, or null for the packet around the commands. */
  readonly command: string | null;
}

type Breaker = (breakage: Breakage) => Uint32Array | null;

const NAN_F32 = [0x7fc00000, 0x7f800000, 0xff800000, 0x7f800001, 0xffffffff];
const NAN_F64_HIGH = [0x7ff80000, 0x7ff00000, 0xfff00000, 0x7ff00001, 0xffffffff];

/**
 * Ways to turn a correct packet into one that must be refused with a certain code. Null: this packet
 * has nothing that could be broken so.
 */
export const BREAKERS: Readonly<Record<string, Breaker>> = {
  'packet-truncated': truncate,
  'packet-trailing': addTrailing,
  'bad-boolean': (breakage) => setWord(breakage, ['bool', 'nullable'], 0, (random) => random.pick([2, 3, 255, 256, 0x100, 0xffffffff])),
  'bad-integer': (breakage) => setWord(breakage, ['u64', 'optional-u64'], 1, (random) => random.pick([0x200000, 0x200001, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff])),
  'bad-float': breakFloat,
  'heap-range': breakHeapRange,
  'bad-count': breakCount,
  'bad-enum': breakEnum,
  'unknown-field': breakPresence,
  'missing-field': dropRequired,
  'string-size': breakStringSize,
  'stale-handle': (breakage) => setHandle(breakage, staleHandle),
  'wrong-kind': (breakage) => setHandle(breakage, otherKind),
  'pending-handle': (breakage) => setHandle(breakage, pendingHandle),
  'bad-handle': (breakage) => setResult(breakage, (random) => random.below(2) * handles.makeHandle(0, 1 + random.below(4095))),
  'busy-handle': (breakage) => setResult(breakage, busyHandle),
  'reused-handle': (breakage) => setResult(breakage, (random, { objects: { staleHandles } }) => (staleHandles.length === 0 ? null : random.pick(staleHandles))),
  'bad-tag': (breakage) => setWord(breakage, ['binding-resource'], 0, (random) => random.pick([2, 3, 255, 0xffffffff])),
  'command-length': breakCommandLength,
  'bad-command': breakCommandNumber,
  'command-scope': swapScope,
};

/** Spans of what is to be broken: of one command, or of the packet without its commands. */
function spansOf({ anatomy, command, random }: Breakage): readonly Span[] {
  const { spans, commands, blockAt } = anatomy;
  if (command === null) return blockAt < 0 ? spans : spans.filter((span) => span.at <= blockAt);
  const candidates = commands.filter((span) => span.name === command);
  if (candidates.length === 0) return [];
  const { args, end } = random.pick(candidates);
  return spans.filter((span) => span.at >= args && span.at < end);
}

function pickSpan(breakage: Breakage, accepts: (type: FieldType) => boolean): Span | null {
  const found = spansOf(breakage).filter((span) => accepts(span.type));
  return found.length === 0 ? null : breakage.random.pick(found);
}

function changed({ anatomy }: Breakage, at: number, value: number): Uint32Array {
  const words = anatomy.words.slice();
  words[at] = value;
  return words;
}

function setWord(breakage: Breakage, kinds: readonly string[], offset: number, value: (random: Random) => number): Uint32Array | null {
  const span = pickSpan(breakage, ({ kind }) => kinds.includes(kind));
  if (span === null || span.at + offset >= breakage.anatomy.words.length) return null;
  return changed(breakage, span.at + offset, value(breakage.random));
}

function addTrailing({ anatomy, command, random }: Breakage): Uint32Array | null {
  const extra = Array.from({ length: 1 + random.below(3) }, () => random.pick(EDGES));
  if (command !== null) {
    const span = anatomy.commands.find((each) => each.name === command);
    return span === undefined ? null : replaceWords(anatomy, span.end, 0, extra);
  }
  return replaceWords({ ...anatomy, blockAt: -1, commands: [] }, anatomy.words.length, 0, extra);
}

function truncate(breakage: Breakage): Uint32Array | null {
  const { anatomy, command, random } = breakage;
  if (command !== null) {
    const span = anatomy.commands.find((each) => each.name === command);
    if (span === undefined || span.end === span.args) return null;
    const removedCount = 1 + random.below(span.end - span.args);
    return replaceWords(anatomy, span.end - removedCount, removedCount, []);
  }
  const lastField = anatomy.blockAt < 0 ? anatomy.words.length : anatomy.blockAt + 1;
  if (lastField <= 2) return null;
  const words = anatomy.words.slice(0, 2 + random.below(lastField - 2));
  words[1] = words.length;
  return words;
}

function breakFloat(breakage: Breakage): Uint32Array | null {
  const span = pickSpan(breakage, ({ kind }) => kind === 'f32' || kind === 'f64');
  if (span === null) return null;
  if (span.type.kind === 'f32') return changed(breakage, span.at, breakage.random.pick(NAN_F32));
  return changed(breakage, span.at + 1, breakage.random.pick(NAN_F64_HIGH));
}

/** Payload has its length and place; mapping has them as the last two fields. */
function breakHeapRange(breakage: Breakage): Uint32Array | null {
  const { random, anatomy, model } = breakage;
  const payload = pickSpan(breakage, ({ kind }) => kind === 'payload');
  const heapBytes = model.bounds.heapBytes ?? 0;
  const place = random.pick([heapBytes, heapBytes + 4, heapBytes - 4, 0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffc, 0]);
  const byteLength = random.pick([8, 16, heapBytes + 4, 0x7ffffffc, 0x80000000, 0xfffffffc]);
  const words = anatomy.words.slice();
  if (payload !== null) {
    words[payload.at] = byteLength;
    words[payload.at + 1] = place;
    return words;
  }
  words[words.length - 2] = place;
  words[words.length - 1] = byteLength;
  return words;
}

const COUNTED: readonly string[] = ['sequence', 'record', 'u32-array', 'commands'];

function breakCount(breakage: Breakage): Uint32Array | null {
  const left = breakage.anatomy.words.length;
  return setWord(breakage, COUNTED, 0, (random) => random.pick([left, left + 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]));
}

function breakEnum(breakage: Breakage): Uint32Array | null {
  const span = pickSpan(breakage, ({ kind }) => kind === 'enum' || kind === 'enum-or-null');
  if (span === null) return null;
  const count = (span.type as { count: number }).count;
  const zero = span.type.kind === 'enum' ? 0 : count + 2;
  return changed(breakage, span.at, breakage.random.pick([zero, count + 1, 255, 256, 0x10001, 0x7fffffff, 0xffffffff]));
}

function breakPresence(breakage: Breakage): Uint32Array | null {
  const span = pickSpan(breakage, ({ kind }) => kind === 'dict');
  if (span === null) return null;
  const { known } = presenceMasks((span.type as { name: string }).name);
  const free = Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => (known & (2 ** bit)) === 0);
  return changed(breakage, span.at, (breakage.anatomy.words[span.at] as number) | (2 ** breakage.random.pick(free)));
}

function dropRequired(breakage: Breakage): Uint32Array | null {
  const span = pickSpan(breakage, (type) => type.kind === 'dict' && presenceMasks(type.name).required !== 0);
  if (span === null) return null;
  const { required } = presenceMasks((span.type as { name: string }).name);
  const bits = Array.from({ length: 32 }, (_, bit) => 2 ** bit).filter((bit) => (required & bit) !== 0);
  return changed(breakage, span.at, (breakage.anatomy.words[span.at] as number) & ~breakage.random.pick(bits));
}

function breakStringSize(breakage: Breakage): Uint32Array | null {
  const { random, model, anatomy } = breakage;
  const span = pickSpan(breakage, ({ kind }) => kind === 'string');
  if (span === null) return null;
  const { labelBytesMax, shaderBytesMax } = model.bounds;
  const byteLength = random.pick([labelBytesMax + 1, shaderBytesMax + 1, labelBytesMax + 4, 0x10000, 0x7fffffff, 0xffffffff]);
  const words = changed(breakage, span.at, byteLength);
  // Once in a while the string is there in full.
  if (byteLength > 4096 || !random.oneIn(4)) return words;
  const filler = new Uint32Array(Math.ceil(byteLength / 4)).fill(0x61616161);
  const broken = replaceWords(anatomy, span.at + 1, span.end - span.at - 1, filler);
  broken[span.at] = byteLength;
  return broken;
}

const HANDLES: readonly string[] = ['object', 'object-or-null', 'layout-or-auto', 'texture-or-view'];

type HandleChoice = (random: Random, model: GuestModel, type: FieldType, current: number) => number | null;

function setHandle(breakage: Breakage, choose: HandleChoice): Uint32Array | null {
  const { random, model, anatomy } = breakage;
  const span = pickSpan(breakage, (type) => HANDLES.includes(type.kind) || type.kind === 'u32-array' || (type.kind === 'handle' && type !== RESULT));
  if (span === null) return null;
  if (span.type.kind === 'u32-array') return setListed(breakage, span, choose);
  const value = choose(random, model, span.type, anatomy.words[span.at] as number);
  return value === null ? null : changed(breakage, span.at, value);
}

/** A list of handles gets one more. */
function setListed({ anatomy, random, model }: Breakage, { at, type }: Span, choose: HandleChoice): Uint32Array | null {
  const value = choose(random, model, type, 0);
  const count = anatomy.words[at];
  if (value === null || count === undefined) return null;
  const words = replaceWords(anatomy, at + 1 + random.below(count + 1), 0, [value]);
  words[at] = count + 1;
  return words;
}

function staleHandle(random: Random, { objects }: GuestModel, type: FieldType, current: number): number {
  const { staleHandles } = objects;
  const index = handles.indexOf(current);
  const generation = handles.generationOf(current);
  switch (random.below(6)) {
    case 0:
      return type.kind === 'object' || type.kind === 'texture-or-view' ? 0 : handles.makeHandle(1 + random.below(64), 4095);
    case 1:
      return handles.makeHandle(index, (generation + 1) & 4095);
    case 2:
      return handles.makeHandle(index, (generation + 4095) & 4095);
    case 3:
      return random.pick([0xffffffff, 0xfffff, 0x100000, 0x80000000, objects.nextHandle()]);
    default:
      return staleHandles.length === 0 ? handles.makeHandle(500 + random.below(100), 0) : random.pick(staleHandles);
  }
}

function otherKind(random: Random, { objects }: GuestModel, type: FieldType): number | null {
  const all = [...objects.all()].filter((object) => !object.isPending && !isFitting(type, object.kind));
  return all.length === 0 ? null : random.pick(all).handle;
}

function isFitting(type: FieldType, kind: string): boolean {
  if (type === ANY_RESOURCE) return ['GPUBuffer', 'GPUSampler', 'GPUTexture', 'GPUTextureView'].includes(kind);
  switch (type.kind) {
    case 'object':
    case 'object-or-null':
      return type.of === kind;
    case 'texture-or-view':
      return kind === 'GPUTexture' || kind === 'GPUTextureView';
    case 'layout-or-auto':
      return kind === 'GPUPipelineLayout';
    default:
      return kind === 'GPUCommandBuffer';
  }
}

function pendingHandle(random: Random, { objects }: GuestModel): number | null {
  const pending = [...objects.all()].filter((object) => object.isPending);
  return pending.length === 0 ? null : random.pick(pending).handle;
}

function setResult(breakage: Breakage, choose: (random: Random, model: GuestModel) => number | null): Uint32Array | null {
  const span = breakage.anatomy.spans.find(({ type }) => type === RESULT);
  const value = choose(breakage.random, breakage.model);
  if (span === undefined || value === null) return null;
  return changed(breakage, span.at, value);
}

function busyHandle(random: Random, { objects }: GuestModel): number | null {
  const all = [...objects.all()];
  if (all.length === 0) return null;
  const { handle } = random.pick(all);
  return random.oneIn(2) ? handle : handles.makeHandle(handles.indexOf(handle), (handles.generationOf(handle) + 1) & 4095);
}

/** The command to break, or any: its head claims another length. */
function breakCommandLength({ anatomy, random, command }: Breakage): Uint32Array | null {
  const candidates = anatomy.commands.filter((span) => command === null || span.name === command);
  if (candidates.length === 0) return null;
  const { at, args } = random.pick(candidates);
  const words = anatomy.words.slice();
  const head = words[at] as number;
  const left = words.length - at;
  switch (random.below(4)) {
    case 0:
      words[at] = head & 0xffff;
      return words;
    case 1:
      words[at] = (head & 0xffff) | (Math.min(0xfffe, left + 1 + random.below(8)) << 16);
      return words;
    case 2:
      words[at] = (head & 0xffff) | 0xfffe0000;
      return words;
    default:
      return toLongForm(anatomy, { at, args }, random.pick([0, 1, left + 2, 0x7fffffff, 0xffffffff]));
  }
}

function toLongForm(anatomy: Anatomy, { at, args }: { at: number; args: number }, claimed: number): Uint32Array {
  if (args - at === 2) {
    const words = anatomy.words.slice();
    words[at + 1] = claimed;
    return words;
  }
  const words = spliceBlock(anatomy, args, 0, [claimed]);
  words[at] = ((anatomy.words[at] as number) & 0xffff) | 0xffff0000;
  return words;
}

function breakCommandNumber({ anatomy, random }: Breakage): Uint32Array | null {
  const { commands, blockAt, words } = anatomy;
  if (blockAt < 0) return null;
  const number = random.pick([0, 34, 35, 99, 255, 0x7fff, 0xffff]);
  if (commands.length === 0) return replaceWords(anatomy, words.length, 0, [number | 0x10000]);
  const { at } = random.pick(commands);
  const broken = words.slice();
  broken[at] = ((words[at] as number) & 0xffff0000) | number;
  return broken;
}

/** The command without those that open its scope. */
function swapScope(breakage: Breakage): Uint32Array | null {
  const { anatomy, command } = breakage;
  const target = anatomy.commands.find((span) => span.name === command);
  const first = anatomy.commands[0];
  if (target === undefined || first === undefined) return null;
  if (target !== first) return removeCommand(anatomy, first);
  // It opens its scope itself, or needs none: a pass in front of it.
  return insertWords(anatomy, first.at, [2 | (2 << 16), 0]);
}

function removeCommand(anatomy: Anatomy, { at, end }: { at: number; end: number }): Uint32Array {
  return spliceBlock(anatomy, at, end - at, []);
}

function insertWords(anatomy: Anatomy, at: number, inserted: readonly number[]): Uint32Array {
  return spliceBlock(anatomy, at, 0, inserted);
}
