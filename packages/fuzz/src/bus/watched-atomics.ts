/** Told of every atomic access to one array of shared words. */
export interface AtomicsWatcher {
  readonly array: Int32Array;
  loaded(index: number, value: number): void;
  stored(index: number, value: number): void;
}

let watcher: AtomicsWatcher | null = null;
let isInstalled = false;

/**
 * The place to see each single read of a shared word, and to change it right after: what a hostile guest
 * on another processor can do between two instructions, done deterministically.
 */
export function watchAtomics(next: AtomicsWatcher | null): void {
  watcher = next;
  if (!isInstalled) install();
}

function install(): void {
  isInstalled = true;
  const { load, store, exchange } = Atomics;
  const patched = Atomics as unknown as Record<string, (...args: [Int32Array, number, number]) => number>;
  patched['load'] = (array, index) => {
    const value = load(array, index);
    if (watcher !== null && array === watcher.array) watcher.loaded(index, value);
    return value;
  };
  patched['store'] = (array, index, value) => {
    const stored = store(array, index, value);
    if (watcher !== null && array === watcher.array) watcher.stored(index, value);
    return stored;
  };
  patched['exchange'] = (array, index, value) => {
    const before = exchange(array, index, value);
    if (watcher !== null && array === watcher.array) watcher.stored(index, value);
    return before;
  };
}
