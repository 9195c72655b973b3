// Below this a plain loop beats making a subarray for TypedArray.set.
const LOOP_WORDS_MAX = 24;

export function copyWords(
  source: Uint32Array,
  sourceBegin: number,
  target: Uint32Array,
  targetBegin: number,
  wordCount: number,
): void {
  if (wordCount <= LOOP_WORDS_MAX) {
    for (let index = 0; index < wordCount; index += 1) target[targetBegin + index] = source[sourceBegin + index] as number;
  } else {
    target.set(source.subarray(sourceBegin, sourceBegin + wordCount), targetBegin);
  }
}
