/** Told of every range of a ring that is read or written. Ranges are indexes into the ring. */
export interface RingWatcher {
  read(begin: number, end: number): void;
  written(begin: number, end: number): void;
}

/**
 * A Uint32Array that tells who touches it. Only what the bus does with its rings: single words,
 * `subarray` to read from, and `set` to write.
 */
export function watchRing(words: Uint32Array, watcher: RingWatcher): Uint32Array {
  const subarray = (begin: number, end: number): Uint32Array => {
    // Whoever copies from it does so at once; what changes in the ring afterwards must not matter.
    const copy = words.slice(begin, end);
    watcher.read(begin, end);
    return copy;
  };
  const set = (source: ArrayLike<number>, at = 0): void => {
    words.set(source, at);
    watcher.written(at, at + source.length);
  };
  return new Proxy(words, {
    get(target, name) {
      if (name === 'subarray') return subarray;
      if (name === 'set') return set;
      if (name === 'length') return target.length;
      const index = indexOf(name);
      if (index < 0) return Reflect.get(target, name, target);
      const value = target[index];
      watcher.read(index, index + 1);
      return value;
    },
    set(target, name, value: number) {
      const index = indexOf(name);
      if (index < 0) return false;
      target[index] = value;
      watcher.written(index, index + 1);
      return true;
    },
  });
}

function indexOf(name: string | symbol): number {
  return typeof name === 'string' && /^\d+$/.test(name) ? Number(name) : -1;
}
