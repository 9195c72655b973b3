import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createSocketPair } from '@gpup/os';
import { initializeHeader, layoutAperture, viewAperture } from './aperture-layout.ts';
import { GuestApertureLink } from './guest-aperture-link.ts';
import { HostApertureLink } from './host-aperture-link.ts';
import { nodeScheduler, SocketDoorbell } from './node/index.ts';
import { TestGuest } from './testing/test-guest.ts';
import { serveTestHost } from './testing/test-host.ts';
import { ASK } from './testing/test-protocol.ts';

for (const position of [2 ** 32 - 3000, 2 ** 31 - 3000]) {
  test(`streams, staging and progress cross position ${position + 3000}`, { timeout: 60_000 }, async (context) => {
    const layout = layoutAperture({ commandRingBytes: 4096, replyRingBytes: 4096, heapBytes: 8192 });
    ok(layout !== null);
    const aperture = viewAperture(new SharedArrayBuffer(layout.sizeBytes), layout);
    initializeHeader(aperture.control, position);
    const [hostFd, guestFd] = createSocketPair();
    const common = { aperture, scheduler: nodeScheduler, position };
    const host = new HostApertureLink({ ...common, doorbell: new SocketDoorbell(hostFd) });
    const link = new GuestApertureLink({ ...common, doorbell: new SocketDoorbell(guestFd) });
    context.after(() => link.close());
    serveTestHost(host);
    const guest = new TestGuest(link);
    const words = new Uint32Array(500);
    for (let index = 0; index < 40; index += 1) {
      words.fill(index);
      words.set([ASK.echo, words.length]);
      // The heap holds one such payload: the second needs the first to be executed.
      let offset = link.heap.stage(8192);
      for (; offset === -1; offset = link.heap.stage(8192)) await turn();
      equal(offset, 0);
      const reply = guest.nextReply();
      guest.sendWords(words);
      equal(link.heap.stage(8), -1);
      deepEqual(await reply, words);
    }
    await guest.checkArrived();
  });
}
