import { VF_LIMITS, type VfLimits } from '@gpup/vf';

/** What one context is given, in order. Plain data: a session can be kept, cut down and run again. */
export type Step =
  | {
      readonly kind: 'packet';
      readonly words: Uint32Array;
      /** Let what the implementation answers later happen before the next step. */
      readonly settles: boolean;
    }
  | { readonly kind: 'lose-devices' };

export interface SessionOptions {
  /** Null for a context on a byte stream. */
  readonly heapBytes: number | null;
  /** Limits that differ from the fuzzer's own. */
  readonly limits: Partial<VfLimits>;
}

/** So that no input takes long, and so that a limit is within reach of one. */
export const SESSION_LIMITS: VfLimits = {
  ...VF_LIMITS,
  vramBytes: 8 << 20,
  labelBytesMax: 256,
  shaderBytesMax: 1024,
  mappedBytesMax: 1 << 20,
  inlineDataBytesMax: 4096,
  submitsInFlightMax: 8,
  writeBytesInFlightMax: 64 << 10,
};

/** A step as it stands in a file: words in hexadecimal, `!` in front of a packet after which nothing settles. */
export function encodeStep(step: Step): string {
  if (step.kind === 'lose-devices') return step.kind;
  const words = [...step.words].map((word) => word.toString(16)).join(' ');
  return step.settles ? words : `! ${words}`;
}

export function decodeStep(text: string): Step {
  if (text === 'lose-devices') return { kind: text };
  const words = Uint32Array.from(text.split(' ').filter((word) => word !== '!'), (word) => Number.parseInt(word, 16));
  // The link never delivers a packet whose length is not what it says.
  if (words.length < 2) return { kind: 'packet', words: new Uint32Array([words[0] ?? 0, 2]), settles: true };
  words[1] = words.length;
  return { kind: 'packet', words, settles: !text.startsWith('!') };
}
