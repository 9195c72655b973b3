import { dissect } from '../input/anatomy.ts';
import type { GuestModel } from '../model/guest-model.ts';

/** How many of each argument's lowest bits stay. */
const COUNT_BITS: Readonly<Record<string, readonly number[]>> = {
  'GPUComputePassEncoder.dispatchWorkgroups': [3, 2, 2],
  'GPURenderCommandsMixin.draw': [8, 3],
  'GPURenderCommandsMixin.drawIndexed': [8, 3],
};
/** Indirect arguments come from buffers, whose contents come from payload. */
const PAYLOAD_BITS = 4;

/**
 * Takes away the endless work that any guest may ask its GPU for, and that only its own VF waits for: on
 * a software GPU it would use up the time that is there for fuzzing.
 */
export function tame(words: Uint32Array, model: GuestModel): Uint32Array {
  const { commands, spans } = dissect(words, model);
  for (const { name, args } of commands) {
    for (const [index, bits] of (COUNT_BITS[name] ?? []).entries()) {
      if (args + index < words.length) words[args + index] = (words[args + index] as number) % 2 ** bits;
    }
  }
  for (const { type, at, end } of spans) {
    if (type.kind !== 'payload') continue;
    for (let word = at + 2; word < end; word++) words[word] = (words[word] as number) % 2 ** PAYLOAD_BITS;
  }
  return words;
}
