import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Platform } from '@gpup/umd';

let gc: (() => void) | undefined;

/** What Node lends to the driver. */
export const nodePlatform: Platform = {
  defer(callback) {
    // Nobody waits for it, so it does not keep the process alive.
    setTimeout(callback, 0).unref();
  },
  collectGarbage() {
    gc ??= exposedGc();
    gc();
  },
};

/** The flag acts on contexts made after it: only ours sees `gc`, and no global of the program's changes. */
function exposedGc(): () => void {
  setFlagsFromString('--expose-gc');
  const exposed = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return exposed;
}
