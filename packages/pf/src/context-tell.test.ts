import { equal } from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { createSocketPair, sendNow } from '@gpup/os';
import { Context } from './context.ts';

/** The VF shares the guest's control connection, and may have been taken over. */
test('a control connection that has no room holds nobody up', () => {
  const [ours, theirs] = createSocketPair();
  // Until nothing more fits.
  while (sendNow(ours, new Uint8Array(4096)) !== 0);
  const control = new Socket({ fd: ours, readable: true, writable: true });
  let ended = 0;
  const grant = { assignment: () => { throw new Error('nobody attaches'); }, place: () => null, release: () => {} };
  const description = { contextId: 1, partition: '', adapter: '', guestPid: 1, openedMs: 1 };
  const context = new Context({ description, transport: 'aperture', control, grant, pool: null as never, onEnded: () => ended++ } as unknown as ConstructorParameters<typeof Context>[0]);
  context.end({ code: 'over', message: 'It is over.' });
  equal(ended, 1);
  equal(control.writableLength, 0, 'nothing waits to be written');
  new Socket({ fd: theirs }).destroy();
});
