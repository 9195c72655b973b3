import { totalmem } from 'node:os';

/** Of the machine's memory, for each context on a software adapter that was given no budget. */
const SOFTWARE_SHARE = 1 / 4;

/**
 * The video memory that a context may use where nobody has said so; null for no budget of ours. On a
 * software adapter video memory is the machine's memory, and a guest that allocates without end would
 * bring the kernel's killer upon everybody. A hardware driver refuses by itself when its memory is full.
 */
export function defaultVramBytes(kind: 'hardware' | 'software'): number | null {
  return kind === 'software' ? Math.floor(totalmem() * SOFTWARE_SHARE) : null;
}
