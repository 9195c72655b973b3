/**
 * Tells since when a VF has been inside of one packet, for whoever looks at its slot now and then.
 *
 * A VF that read a clock for each packet would pay for it, and one that was taken over could lie. So it
 * counts, odd inside of a packet, and the watcher has the time: it is late by at most the time between
 * two looks, and never early.
 */
export class BusyWatch {
  #packetSerial = 0;
  #sinceMs = 0;

  /** Returns since when, on the caller's clock; null where the VF is between packets. */
  observe(packetSerial: number, nowMs: number): number | null {
    if (packetSerial !== this.#packetSerial) {
      this.#packetSerial = packetSerial;
      this.#sinceMs = nowMs;
    }
    return packetSerial % 2 === 1 ? this.#sinceMs : null;
  }
}
