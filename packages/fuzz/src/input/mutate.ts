import type { GuestModel } from '../model/guest-model.ts';
import type { Span } from '../model/reference-decoder.ts';
import { type Anatomy, dissect, replaceWords, spliceBlock } from './anatomy.ts';
import { BREAKERS } from './corrupt.ts';
import type { Random } from './random.ts';
import { EDGES } from './values.ts';

export interface Material {
  readonly random: Random;
  readonly model: GuestModel;
  /** Another packet, for pieces of it. */
  readonly other: Uint32Array;
}

type Mutator = (anatomy: Anatomy, material: Material) => Uint32Array | null;

const BREAKER_CODES: readonly string[] = Object.keys(BREAKERS);

/** Blind to what comes of it. Some know where fields are, some do not. */
const MUTATORS: readonly Mutator[] = [
  flipBit,
  flipBit,
  setEdge,
  setEdge,
  setFieldToEdge,
  setFieldToEdge,
  copyWord,
  exchangeFields,
  breakSomething,
  breakSomething,
  breakSomething,
  removeWords,
  insertWords,
  cutOff,
  takeTail,
  duplicateCommand,
  dropCommand,
  changeOpcode,
  scramble,
];

/** A packet that differs from the given one in one to three ways. */
export function mutate(words: Uint32Array, material: Material): Uint32Array {
  const { random } = material;
  let result = words;
  for (let count = 1 + (random.oneIn(3) ? random.below(3) : 0); count > 0; count--) {
    result = random.pick(MUTATORS)(dissect(result, material.model), material) ?? result;
  }
  return result === words ? words.slice() : result;
}

function anywhere({ words }: Anatomy, random: Random): number {
  return words.length <= 2 ? -1 : 2 + random.below(words.length - 2);
}

function withWord({ words }: Anatomy, at: number, value: number): Uint32Array | null {
  if (at < 2 || at >= words.length) return null;
  const changed = words.slice();
  changed[at] = value;
  return changed;
}

function pickSpan({ spans }: Anatomy, random: Random): Span | null {
  return spans.length === 0 ? null : random.pick(spans);
}

function flipBit(anatomy: Anatomy, { random }: Material): Uint32Array | null {
  const at = anywhere(anatomy, random);
  return withWord(anatomy, at, (anatomy.words[at] ?? 0) ^ (2 ** random.below(32)));
}

function setEdge(anatomy: Anatomy, { random }: Material): Uint32Array | null {
  return withWord(anatomy, anywhere(anatomy, random), random.pick(EDGES));
}

function setFieldToEdge(anatomy: Anatomy, { random }: Material): Uint32Array | null {
  const span = pickSpan(anatomy, random);
  return span === null ? null : withWord(anatomy, span.at + random.below(span.end - span.at || 1), random.pick(EDGES));
}

function copyWord(anatomy: Anatomy, { random }: Material): Uint32Array | null {
  const from = anywhere(anatomy, random);
  return withWord(anatomy, anywhere(anatomy, random), anatomy.words[from] ?? 0);
}

function exchangeFields(anatomy: Anatomy, { random }: Material): Uint32Array | null {
  const [one, other] = [pickSpan(anatomy, random), pickSpan(anatomy, random)];
  if (one === null || other === null) return null;
  const changed = anatomy.words.slice();
  changed[one.at] = anatomy.words[other.at] as number;
  changed[other.at] = anatomy.words[one.at] as number;
  return changed;
}

function breakSomething(anatomy: Anatomy, { random, model }: Material): Uint32Array | null {
  const command = anatomy.commands.length > 0 && random.oneIn(2) ? random.pick(anatomy.commands).name : null;
  return (BREAKERS[random.pick(BREAKER_CODES)] as (typeof BREAKERS)[string])({ anatomy, random, model, command });
}

function removeWords(anatomy: Anatomy, { random }: Material): Uint32Array | null {
  const at = anywhere(anatomy, random);
  if (at < 0) return null;
  return replaceWords(anatomy, at, Math.min(1 + random.below(3), anatomy.words.length - at), []);
}

function insertWords(anatomy: Anatomy, { random }: Material): Uint32Array | null {
  const at = 2 + random.below(anatomy.words.length - 1);
  return replaceWords(anatomy, at, 0, Array.from({ length: 1 + random.below(3) }, () => random.pick(EDGES)));
}

function cutOff({ words }: Anatomy, { random }: Material): Uint32Array {
  const cut = words.slice(0, 2 + random.below(words.length - 1));
  cut[1] = cut.length;
  return cut;
}

function takeTail({ words }: Anatomy, { random, other }: Material): Uint32Array {
  const headCount = Math.max(2, random.below(words.length + 1));
  const tailFrom = Math.min(other.length, Math.max(2, random.below(other.length + 1)));
  const spliced = new Uint32Array(headCount + other.length - tailFrom);
  spliced.set(words.subarray(0, headCount));
  spliced.set(other.subarray(tailFrom), headCount);
  spliced[1] = spliced.length;
  return spliced;
}

function duplicateCommand(anatomy: Anatomy, { random }: Material): Uint32Array | null {
  if (anatomy.commands.length === 0) return null;
  const { at, end } = random.pick(anatomy.commands);
  return spliceBlock(anatomy, random.pick(anatomy.commands).at, 0, anatomy.words.slice(at, end));
}

function dropCommand(anatomy: Anatomy, { random }: Material): Uint32Array | null {
  if (anatomy.commands.length === 0) return null;
  const { at, end } = random.pick(anatomy.commands);
  return spliceBlock(anatomy, at, end - at, []);
}

function changeOpcode({ words }: Anatomy, { random }: Material): Uint32Array {
  const changed = words.slice();
  changed[0] = random.oneIn(4) ? random.pick(EDGES) : 1 + random.below(40);
  return changed;
}

function scramble({ words }: Anatomy, { random }: Material): Uint32Array {
  const changed = words.slice();
  for (let i = 2; i < changed.length; i++) if (random.oneIn(3)) changed[i] = random.oneIn(2) ? random.u32() : random.pick(EDGES);
  return changed;
}

/** A packet of a valid opcode and nothing but noise. */
export function noise(random: Random): Uint32Array {
  const words = Uint32Array.from({ length: 2 + random.below(24) }, () => (random.oneIn(2) ? random.below(16) : random.u32()));
  words[0] = random.oneIn(8) ? random.u32() : 1 + random.below(40);
  words[1] = words.length;
  return words;
}
