import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Platform } from '@gpup/umd';

let collect: (() => void) | undefined;

/** V8 gives its collector only to contexts that are made after the flag is set, whatever the command line said. */
function collector(): () => void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  return collect;
}

export const nodePlatform: Platform = {
  defer(callback) {
    setImmediate(callback).unref();
  },
  collectGarbage() {
    collector()();
  },
  areBytesEqual(a, b) {
    return Buffer.compare(a, b) === 0;
  },
};
