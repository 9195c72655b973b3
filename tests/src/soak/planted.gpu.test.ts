/** What a soak looks for is found on a real host when it is there: one fault after the other, each planted, seen, and taken away again. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync, readdirSync, readlinkSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ContextView } from '@gpup/pf/actions';
import { Findings } from './findings.ts';
import { AT_REST } from './invariants/index.ts';
import { type StepKind, stepKind } from './plan/step-kind.ts';
import type { GuestProcess } from './scene/guest-process.ts';
import { Scene } from './scene/scene.ts';
import { SETTLING, settled } from './scene/settled.ts';
import { logComplaints } from './seen/host-log.ts';
import { TDR_DELAYS, soak } from './soak.ts';
import { START } from './steps/guest-steps.ts';
import { complaintsAtRest } from './steps/index.ts';
import { CREATE } from './steps/partition-steps.ts';

const findings = new Findings();
const scene = new Scene({ findings, tdr: TDR_DELAYS, onProgress: () => {} });

before(async () => {
  await scene.open();
  await scene.change('alpha', (host) => host.createPartition({ name: 'alpha', vram: { min: 32 << 20, optimal: 32 << 20, max: 32 << 20 } }), []);
  await guest(1);
  await guest(2);
});
after(() => scene.close({ keepFiles: false }));

async function guest(id: number): Promise<GuestProcess> {
  const started = scene.startGuest({ id, place: 'alpha', transport: 'aperture', pauseMs: 10 });
  await started.settled;
  return started;
}

const look = () => complaintsAtRest(scene, AT_REST);

async function healthy(): Promise<void> {
  deepEqual(await settled(look, SETTLING), []);
}

/** Until it is seen, if it is not seen at once. */
async function seen(invariant: string, message: RegExp): Promise<void> {
  const missing = await settled(async () => ((await look()).some((each) => each.invariant === invariant && message.test(each.message)) ? [] : [await look()]), SETTLING);
  deepEqual(missing, []);
}

async function contextOf({ pid }: GuestProcess): Promise<ContextView> {
  return (await scene.host.contexts()).find(({ guestPid }) => guestPid === pid) as ContextView;
}

/** As a VF could that its guest has taken over. */
function scribble(vfPid: number, offset: number): void {
  const name = readdirSync(`/proc/${vfPid}/fd`).find((fd) => readlinkSync(`/proc/${vfPid}/fd/${fd}`).startsWith('/memfd:gpup-page'));
  const fd = openSync(`/proc/${vfPid}/fd/${name}`, 'r+');
  writeSync(fd, Uint8Array.of(0x11, 0x11), 0, 2, offset);
  closeSync(fd);
}

describe('at rest', { concurrency: false }, () => {
  test('nothing is found where nothing is wrong', healthy);

  test('a process that is left', async () => {
    const stray = spawn('sleep', ['600'], { env: { ...process.env, GPUP_SOCKET: scene.socketOf('alpha') } });
    await seen('processes', /is left: sleep 600/);
    stray.kill('SIGKILL');
    await healthy();
  });

  for (const path of ['run/vfs/left.log', 'run/partitions/left.sock', 'state/partitions.json.new']) {
    test(`a file that is left: ${path}`, async () => {
      writeFileSync(join(scene.directory, path), '');
      await seen('files', path.startsWith('run/vfs') ? /logs of VFs/ : /is left/);
      rmSync(join(scene.directory, path));
      await healthy();
    });
  }

  for (const [kind, path] of [['api', scene.keeper.apiSocketPath], ['guest', scene.socketOf('alpha')]] as const) {
    test(`a connection that is left: ${kind}`, async () => {
      const socket = connect(path);
      await once(socket, 'connect');
      await seen('descriptors', new RegExp(`kind "${kind}"`));
      socket.destroy();
      await healthy();
    });
  }

  test('a partition that nobody has made, as far as we know', async () => {
    await scene.host.createPartition({ name: 'beta' });
    await seen('definitions', /"beta" was never made/);
    await scene.host.removePartition('beta', { force: false });
    await healthy();
  });

  test('a partition that was changed behind our back', async () => {
    await scene.host.changePartition('alpha', { contextsMax: 3 });
    await seen('definitions', /"alpha" is .*"contextsMax":3.*, expected .*"contextsMax":16/);
    await scene.host.changePartition('alpha', { contextsMax: 16 });
    await healthy();
  });

  test('memory on a page that no object of a guest has', async () => {
    const planted = await guest(3);
    const { vfPid } = await contextOf(planted);
    await healthy();
    // packages/vidmm/src/page-layout.ts: the third slot's word for video memory.
    scribble(vfPid, ((2 + 2) * 128 + 16) * 8);
    await seen('video-memory', /guest 3 is/);
    planted.kill();
    await planted.ended;
    await healthy();
  });

  test('an error in the log', () => {
    deepEqual(logComplaints(scene.log.next(), scene.killedVfPids), []);
    appendFileSync(join(scene.keeper.state, 'host.log'), '{"level":"error","message":"A request has failed through a bug."}\n');
    deepEqual(logComplaints(scene.log.next(), scene.killedVfPids), ['error: A request has failed through a bug.']);
  });
});

describe('while all goes on', { concurrency: false }, () => {
  const last = () => findings.violations.at(-1) ?? { invariant: '', message: '' };

  test('a VF that nobody was to kill', async () => {
    const planted = await guest(4);
    process.kill((await contextOf(planted)).vfPid, 'SIGKILL');
    await planted.ended;
    equal(last().invariant, 'guest-ends');
    match(last().message, /Guest 4 .*lost The VF process ended unexpectedly/);
    const logged = await settled(async () => (logComplaints(scene.log.next(), scene.killedVfPids).length > 0 ? [] : ['nothing']), SETTLING);
    deepEqual(logged, []);
  });

  test('a word of a guest that is not what it must be', async () => {
    const planted = await guest(5);
    const rounds = await settled(async () => (planted.rounds > 0 ? [] : ['none']), SETTLING);
    deepEqual(rounds, []);
    await planted.ask({ name: 'spoil' }).catch(() => {});
    await planted.ended;
    equal(last().invariant, 'guest-ends');
    match(last().message, /Guest 5 .*\(4\).*wrong secret \d+: word 0 is/);
  });

  test('a daemon that ends by itself', async () => {
    process.kill(scene.keeper.pid, 'SIGKILL');
    deepEqual(await settled(async () => (last().invariant === 'daemon-lives' ? [] : [last()]), SETTLING), []);
    match(last().message, /has ended by itself \(SIGKILL\)/);
  });
});

const SPOIL: StepKind<{ readonly id: number }> = {
  name: 'spoil',
  weight: { calm: 5, rough: 5 },
  choose: (world) => [...world.guests.values()].map(({ id }) => ({ id }))[0] ?? null,
  foresee() {},
  async perform(spoilt, { id }) {
    const planted = spoilt.guests.runningOf(id);
    await planted?.ask({ name: 'spoil' }).catch(() => {});
    await planted?.ended;
  },
};

test('a soak ends at once where it finds something, with the seed, the step and the files of the host', async () => {
  const kinds = [stepKind(CREATE), stepKind(START), stepKind(SPOIL)];
  const { isClean, seed, violations, lastStep, stepCount, keptDirectory } = await soak({ seed: 3, minutes: 30, actSteps: 1000, tdr: TDR_DELAYS, kinds, onProgress: () => {} });
  deepEqual([isClean, seed, violations.map(({ invariant }) => invariant), violations[0]?.stepIndex], [false, 3, ['guest-ends'], stepCount - 1]);
  match(lastStep, new RegExp(`^${stepCount - 1} spoil \\{"id":1\\}$`));
  ok(readdirSync(keptDirectory as string).includes('state'));
  rmSync(keptDirectory as string, { recursive: true });
});
