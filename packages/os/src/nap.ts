import { assert } from '@gpup/base';
import { libc } from './libc.ts';

const PR_SET_TIMERSLACK = 29;
const SLACK_NS = 1;
/** What the thread had at its start, 50 us unless somebody chose another. */
const SLACK_DEFAULT = 0;
const POLLIN = 1;
/** struct pollfd, of which a negative descriptor is ignored. */
const POLLFD_BYTES = 8;
const NO_DESCRIPTOR = -1;
/** What can end a nap: that many descriptors. */
const PLACE_COUNT = 2;

export type NapPlace = 0 | 1;

/**
 * Waits of a fraction of a millisecond, which Node's timers cannot do. One costs some 4 us of processor
 * time and ends within a few microseconds of its time; for its length the thread gives up the liberty
 * that the kernel otherwise takes of ending each timed wait some 50 us late.
 */
export class Nap {
  readonly #entries = new Uint8Array(PLACE_COUNT * POLLFD_BYTES);
  /** struct timespec: seconds and nanoseconds. */
  readonly #timeout = new BigInt64Array(2);

  constructor() {
    for (let place = 0; place < PLACE_COUNT; place++) this.endWith(place as NapPlace, null);
  }

  /** From now on what becomes readable at this place ends a nap. Borrowed: null before it is closed. */
  endWith(place: NapPlace, fd: number | null): void {
    const fields = new DataView(this.#entries.buffer, place * POLLFD_BYTES);
    fields.setInt32(0, fd ?? NO_DESCRIPTOR, true);
    fields.setInt16(4, POLLIN, true);
  }

  /** Blocks the thread for `ms` (less than a second), or until there is something to read. A signal ends it too. */
  take(ms: number): void {
    assert(ms >= 0 && ms < 1000);
    const { prctl, ppoll } = libc();
    this.#timeout[1] = BigInt(Math.ceil(ms * 1e6));
    prctl(PR_SET_TIMERSLACK, SLACK_NS);
    ppoll(this.#entries, PLACE_COUNT, this.#timeout, null);
    prctl(PR_SET_TIMERSLACK, SLACK_DEFAULT);
  }
}
