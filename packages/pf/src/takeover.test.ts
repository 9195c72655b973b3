import { deepEqual, equal, throws } from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeDescriptor, connectUnixSocketNow } from '@gpup/os';
import { GroupTree } from '@gpup/sandbox/cgroup';
import { AdoptedVf, type Adoption } from './adopted-vf.ts';
import type { Reason } from './control-protocol.ts';
import { dismissAdoption, takeOverVfs } from './takeover.ts';
import type { Pretence } from './testing/pretending-vf.ts';
import type { VfGroups } from './vf-group.ts';

const program = fileURLToPath(new URL('./testing/pretending-vf.js', import.meta.url));
const VF_ID = '00000000000000ab';

function directoryFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-takeover-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function leftVf(t: TestContext, directory: string, pretence: Pretence = {}, vfId = VF_ID): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, directory, vfId, JSON.stringify(pretence)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  t.after(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  return child;
}

async function takeOver(directory: string, answerMsMax = 20_000): Promise<Adoption[]> {
  const adoptions: Adoption[] = [];
  await takeOverVfs(directory, { answerMsMax, onAdoption: (adoption) => adoptions.push(adoption) });
  return adoptions;
}

function owned(adoption: Adoption, groups: VfGroups | null = null): { readonly vf: AdoptedVf; readonly ended: Promise<Reason> } {
  for (const fd of [adoption.guestControlFd, adoption.pageFd]) if (fd !== null) closeDescriptor(fd);
  let vf: AdoptedVf | undefined;
  const ended = new Promise<Reason>((resolve) => {
    vf = new AdoptedVf(adoption, { onReady: () => {}, onEnded: resolve }, groups);
  });
  return { vf: vf as AdoptedVf, ended };
}

function descriptorCount(): number {
  return readdirSync('/proc/self/fd').length;
}

test('a VF that is left is taken over, ended, and its end is heard of; nothing stays', async (t) => {
  const directory = directoryFor(t);
  const before = descriptorCount();
  const child = await leftVf(t, directory);
  const closed = once(child, 'close');
  const [adoption, ...others] = await takeOver(directory);
  equal(others.length, 0);
  deepEqual([adoption?.hello.pid, adoption?.hello.page], [child.pid, { slotIndex: 2 }]);
  const { vf, ended } = owned(adoption as Adoption);
  vf.kill({ code: 'test', message: 'The test ends it.' });
  vf.kill({ code: 'later', message: 'Again.' });
  deepEqual(await ended, { code: 'test', message: 'The test ends it.' });
  vf.kill({ code: 'too-late', message: 'The descriptor is closed by now.' });
  await closed;
  deepEqual([readdirSync(directory), descriptorCount() - before], [[], 0]);
});

test('a VF that ends by itself after it was taken over has died', async (t) => {
  const directory = directoryFor(t);
  const child = await leftVf(t, directory);
  const [adoption] = await takeOver(directory);
  const { ended } = owned(adoption as Adoption);
  child.kill('SIGKILL');
  equal((await ended).code, 'vf-died');
});

/** Whatever this process may make; where that is nothing there is nothing to be put into either. */
function groupsFor(t: TestContext, areRequired: boolean): VfGroups {
  const tree = GroupTree.open({ name: `gpup-test-${process.pid}` });
  t.after(() => tree.close());
  return { tree, processorsMax: null, areRequired };
}

const pathsOf = (pid: number): string => readFileSync(`/proc/${pid}/cgroup`, 'latin1');

test('a VF that the host before had in no group is put into one', { timeout: 60_000 }, async (t) => {
  const directory = directoryFor(t);
  const child = await leftVf(t, directory);
  const groups = groupsFor(t, true);
  const pid = child.pid as number;
  equal(pathsOf(pid).includes(VF_ID), false);
  const [adoption] = await takeOver(directory);
  const { vf, ended } = owned(adoption as Adoption, groups);
  vf.limitMemory(1 << 30);
  const hasGroups = groups.tree.states.some(({ isInForce }) => isInForce);
  while (pathsOf(pid).includes(`gpup-test-${process.pid}/${VF_ID}`) !== hasGroups) await new Promise((resolve) => setTimeout(resolve, 1));
  vf.kill({ code: 'test', message: 'The test ends it.' });
  equal((await ended).code, 'test');
});

const REFUSALS = {
  'later': () => ({ group: { limit: () => {}, remove: () => {}, hasRunOut: false }, placed: Promise.reject(new Error('no room')) }),
  'at once': () => {
    throw new Error('no room');
  },
};
for (const [when, adopt] of Object.entries(REFUSALS)) {
  for (const areRequired of [true, false]) {
    test(`a VF that cannot be put into a group, as is known ${when}, ${areRequired ? 'is ended where groups are required' : 'goes on where they are not required'}`, async (t) => {
      const directory = directoryFor(t);
      await leftVf(t, directory);
      const [adoption] = await takeOver(directory);
      const { vf, ended } = owned(adoption as Adoption, { tree: { adopt } as unknown as GroupTree, processorsMax: null, areRequired });
      if (!areRequired) setTimeout(() => vf.kill({ code: 'test', message: 'It has gone on.' }), 100);
      const { code, message } = await ended;
      deepEqual([code, message], areRequired ? ['not-isolated', 'The VF process is in no control group of its own: no room.'] : ['test', 'It has gone on.']);
    });
  }
}

test('a VF that is killed is gone, whoever else holds its connection', async (t) => {
  const directory = directoryFor(t);
  const child = await leftVf(t, directory, { behaviour: 'forks' });
  const forked = once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  const [adoption] = await takeOver(directory);
  const holderPid = Number(String((await forked)[0]));
  t.after(() => process.kill(holderPid, 'SIGKILL'));
  const { vf, ended } = owned(adoption as Adoption);
  vf.kill({ code: 'test', message: 'The test ends it.' });
  equal((await ended).code, 'test');
});

test('what a VF says right after its hello is heard', async (t) => {
  const directory = directoryFor(t);
  await leftVf(t, directory, { more: '{"type":"fault","code":"ring-index","message":"Too far."}\n' });
  const [adoption] = await takeOver(directory);
  deepEqual(await owned(adoption as Adoption).ended, { code: 'ring-index', message: 'Too far.' });
});

test('a VF that says what is no line is ended', async (t) => {
  const directory = directoryFor(t);
  await leftVf(t, directory, { more: 'gibberish\n' });
  const [adoption] = await takeOver(directory);
  equal((await owned(adoption as Adoption).ended).code, 'vf-line');
});

test('a VF that has no place is dismissed, and its guest told', async (t) => {
  const directory = directoryFor(t);
  const before = descriptorCount();
  const child = await leftVf(t, directory);
  const [adoption] = await takeOver(directory);
  const ended = once(child, 'close');
  dismissAdoption(adoption as Adoption, { code: 'partition-removed', message: 'It is gone.' });
  deepEqual([(await ended)[1], readdirSync(directory), descriptorCount() - before], ['SIGKILL', [], 0]);
});

for (const [what, pretence] of [
  ['says nothing', { behaviour: 'silent' }],
  ['hangs up', { behaviour: 'closes' }],
  ['says gibberish', { text: 'hello\n' }],
  ['says something urgent', { behaviour: 'urgent' }],
  ['never ends its line', { text: 'x'.repeat(4000) }],
  ['says what another process says', { hello: { pid: 1 } }],
  ['says that it started at another time', { hello: { startTicks: 1 } }],
  ['says another id', { hello: { vfId: '00000000000000ac' } }],
  ['speaks another version', { hello: { protocol: { major: 2, minor: 0 } } }],
  ['hands over no descriptor', { control: 'none', page: 'none' }],
  ['hands over a file as its guest', { control: 'file' }],
  ['hands over a socket for datagrams as its guest', { control: 'datagrams' }],
  ['hands over a socket of the internet as its guest', { control: 'internet' }],
  ['hands over a page that it can shrink', { page: 'shrinkable' }],
  ['speaks of a page and hands over none', { page: 'none' }],
  ['hands over a page that it does not speak of', { hello: { page: null } }],
] as const satisfies readonly (readonly [string, Pretence])[]) {
  test(`a process that ${what} is no VF of ours, and is ended`, async (t) => {
    const directory = directoryFor(t);
    const before = descriptorCount();
    const child = await leftVf(t, directory, pretence);
    const ended = once(child, 'close');
    deepEqual(await takeOver(directory, what === 'says nothing' ? 1 : undefined), []);
    deepEqual([(await ended)[1], readdirSync(directory), descriptorCount() - before], ['SIGKILL', [], 0]);
  });
}

/** Takes over the one whose neighbour is at fault, and nothing else. */
async function takeOverPrompt(t: TestContext, directory: string, look: (adoption: Adoption) => void = () => {}): Promise<void> {
  const prompt = await leftVf(t, directory);
  const adoptions: Adoption[] = [];
  const onAdoption = (adoption: Adoption): void => {
    look(adoption);
    adoptions.push(adoption);
  };
  await takeOverVfs(directory, { answerMsMax: 20_000, onAdoption });
  deepEqual(adoptions.map(({ hello }) => hello.pid), [prompt.pid]);
  const ended = once(prompt, 'close');
  for (const adoption of adoptions) dismissAdoption(adoption, { code: 'test', message: 'The test ends.' });
  await ended;
}

const OTHER_ID = '00000000000000aa';

test('a VF that ends before it has accepted us is gone, and no other is hurt', async (t) => {
  const directory = directoryFor(t);
  const before = descriptorCount();
  const child = await leftVf(t, directory, {}, OTHER_ID);
  child.kill('SIGSTOP');
  // Its pipe is ours too, until then.
  const closed = once(child, 'close');
  // It is connected to within this turn.
  const taking = takeOver(directory);
  child.kill('SIGKILL');
  deepEqual(await taking, []);
  await closed;
  deepEqual([readdirSync(directory), descriptorCount() - before], [[], 0]);
});

test('a VF that has no room for us is passed over', async (t) => {
  const directory = directoryFor(t);
  const child = await leftVf(t, directory, { backlog: 1 }, OTHER_ID);
  child.kill('SIGSTOP');
  const path = join(directory, `${OTHER_ID}.sock`);
  const fds: number[] = [];
  t.after(() => fds.forEach(closeDescriptor));
  throws(() => {
    for (;;) fds.push(connectUnixSocketNow(path));
  }, { code: 'EAGAIN' });
  await takeOverPrompt(t, directory);
  deepEqual(readdirSync(directory), [`${OTHER_ID}.sock`]);
});

test('what cannot be connected to is passed over', async (t) => {
  const directory = directoryFor(t);
  symlinkSync(`${OTHER_ID}.sock`, join(directory, `${OTHER_ID}.sock`));
  await takeOverPrompt(t, directory);
  deepEqual(readdirSync(directory), [`${OTHER_ID}.sock`]);
});

test('what cannot be removed stays, and no VF waits for it', async (t) => {
  const directory = directoryFor(t);
  mkdirSync(join(directory, `${OTHER_ID}.log`));
  await takeOverPrompt(t, directory);
  deepEqual(readdirSync(directory), [`${OTHER_ID}.log`]);
});

test('a VF whose adoption fails is ended with all that it has handed over, and no other', async (t) => {
  const directory = directoryFor(t);
  const before = descriptorCount();
  const child = await leftVf(t, directory, {}, OTHER_ID);
  const ended = once(child, 'close');
  await takeOverPrompt(t, directory, ({ hello }) => {
    if (hello.vfId === OTHER_ID) throw new Error('There is a bug.');
  });
  deepEqual([(await ended)[1], readdirSync(directory), descriptorCount() - before], ['SIGKILL', [], 0]);
});

test('what is left of VFs that are gone is removed, and nothing else', async (t) => {
  const directory = directoryFor(t);
  const script = `require('net').createServer().listen(${JSON.stringify(join(directory, `${VF_ID}.sock`))}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  for (const name of [`${VF_ID}.log`, '00000000000000ac.log', 'notes.log', 'outside.sock']) writeFileSync(join(directory, name), '');
  equal(readdirSync(directory).includes(`${VF_ID}.sock`), true);
  deepEqual(await takeOver(directory), []);
  deepEqual(readdirSync(directory).sort(), ['notes.log', 'outside.sock']);
});

test('one VF that hangs keeps no other waiting', async (t) => {
  const directory = directoryFor(t);
  const silent = await leftVf(t, directory, { behaviour: 'silent' }, '00000000000000aa');
  const prompt = await leftVf(t, directory);
  const answered = new Promise<Adoption>((resolve) => {
    void takeOverVfs(directory, { answerMsMax: 60_000, onAdoption: resolve });
  });
  const adoption = await answered;
  equal(adoption.hello.pid, prompt.pid);
  dismissAdoption(adoption, { code: 'test', message: 'The test ends.' });
  const ended = once(silent, 'exit');
  silent.kill('SIGKILL');
  await ended;
});
