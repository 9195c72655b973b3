/** A VF that its guest has taken over can write every word of its partition's page: that costs its partition, and nobody else. */
import { equal, match } from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readlinkSync, writeSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { DaemonScene } from './testing/daemon-scene.ts';

/** Where things are on a page (packages/vidmm/src/page-layout.ts). */
const MAGIC_OFFSET = 0;
const BUDGET_OFFSET = 16;

function sceneFor(t: TestContext): DaemonScene {
  const scene = new DaemonScene();
  t.after(() => scene.close());
  return scene;
}

/** As a VF could. */
function scribble(vfPid: number, offset: number): void {
  const name = readdirSync(`/proc/${vfPid}/fd`).find((fd) => readlinkSync(`/proc/${vfPid}/fd/${fd}`).startsWith('/memfd:gpup-page'));
  const fd = openSync(`/proc/${vfPid}/fd/${name}`, 'r+');
  writeSync(fd, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f), 0, 8, offset);
  closeSync(fd);
}

for (const [what, offset] of [['its budget', BUDGET_OFFSET], ['what says that it is a page', MAGIC_OFFSET]] as const) {
  test(`a VF that writes ${what} on its page ends its partition's contexts, and no others; then there is a new page`, async (t) => {
    const scene = sceneFor(t);
    await scene.start();
    const { socketPath } = await scene.ask('createPartition', { name: 'other' });
    const [guest, neighbour] = [await scene.guest(), await scene.guest(socketPath)];
    const contexts = await scene.ask('contexts');
    scribble(contexts.find(({ guestPid }) => guestPid === guest.pid)?.vfPid as number, offset);
    const [status, line] = await guest.ended();
    equal(status, 3);
    match(line, /^lost A VF of the partition has written what it may not/);
    await neighbour.goesOn();
    let count = -1;
    while (count !== 1) count = (await scene.ask('contexts')).length;
    const next = await scene.guest();
    equal((await next.end())[0], 0);
    equal((await neighbour.end())[0], 0);
  });
}

test('the next daemon does not take a page over that says something else', async (t) => {
  const scene = sceneFor(t);
  await scene.start();
  const guest = await scene.guest();
  const [context] = await scene.ask('contexts');
  await scene.life?.kill();
  scribble(context?.vfPid as number, MAGIC_OFFSET);
  await scene.start();
  equal((await guest.ended())[0], 3);
  equal((await scene.ask('contexts')).length, 0);
  const next = await scene.guest();
  equal((await next.end())[0], 0);
});
