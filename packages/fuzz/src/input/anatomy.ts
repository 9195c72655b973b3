import type { GuestModel } from '../model/guest-model.ts';
import { type CommandSpan, ReferenceDecoder, type Span } from '../model/reference-decoder.ts';
import { PACKET_BY_OPCODE } from '../schema-index.ts';

/** A packet with its fields marked, as far as it can be decoded. */
export interface Anatomy {
  readonly words: Uint32Array;
  readonly spans: readonly Span[];
  readonly commands: readonly CommandSpan[];
  /** The word that counts the recorded commands' words, or -1. */
  readonly blockAt: number;
}

export function dissect(words: Uint32Array, model: GuestModel): Anatomy {
  const schema = PACKET_BY_OPCODE.get(words[0] as number);
  const spans: Span[] = [];
  const commands: CommandSpan[] = [];
  if (schema !== undefined) new ReferenceDecoder(model.objects).decode(schema, words, model.bounds, spans, commands);
  const blockAt = spans.find((span) => span.type.kind === 'commands')?.at ?? -1;
  return { words, spans, commands, blockAt };
}

/** The packet with some words replaced by others, its length and the counts around the place kept right. */
export function replaceWords(anatomy: Anatomy, from: number, removedMax: number, inserted: ArrayLike<number>): Uint32Array {
  const { words, blockAt, commands } = anatomy;
  // A broken packet's counts lead anywhere.
  const at = Math.min(from, words.length);
  const removedCount = Math.max(0, Math.min(removedMax, words.length - at));
  const changed = new Uint32Array(words.length - removedCount + inserted.length);
  changed.set(words.subarray(0, at));
  changed.set(inserted, at);
  changed.set(words.subarray(at + removedCount), at + inserted.length);
  const grownBy = inserted.length - removedCount;
  changed[1] = changed.length;
  if (blockAt >= 0 && at > blockAt) changed[blockAt] = (words[blockAt] as number) + grownBy;
  const command = commands.find((span) => span.args <= at && at <= span.end);
  if (command !== undefined && at > command.at) growCommand(changed, command, grownBy);
  return changed;
}

function growCommand(words: Uint32Array, { at, args }: CommandSpan, grownBy: number): void {
  if (args - at === 2) words[at + 1] = (words[at + 1] as number) + grownBy;
  else words[at] = (words[at] as number) + grownBy * 0x10000;
}

/** Whole commands go or come: no command around them changes its length. */
export function spliceBlock(anatomy: Anatomy, at: number, removedCount: number, inserted: ArrayLike<number>): Uint32Array {
  return replaceWords({ ...anatomy, commands: [] }, at, removedCount, inserted);
}
