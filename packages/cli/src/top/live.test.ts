/** The picture on a real terminal, with a host of figures behind a real API. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { type TestApi, openTestApi } from '@gpup/api/testing';
import { PseudoTerminal, lastPicture } from '../testing/pseudo-terminal.ts';

const ENTERED = '\u001b[?1049h';
const LEFT = '\u001b[?1049l';

interface Scene {
  readonly api: TestApi;
  readonly terminal: PseudoTerminal;
  readonly child: ChildProcess;
  readonly ended: Promise<readonly [number | null, string | null]>;
  readonly modeBefore: string;
}

async function watched(t: TestContext, { width = 80, height = 24, partitions = ['alpha', 'beta'], api: given, environment }: { readonly width?: number; readonly height?: number; readonly partitions?: readonly string[]; readonly api?: TestApi; readonly environment?: NodeJS.ProcessEnv } = {}): Promise<Scene> {
  const api = given ?? (await openTestApi());
  for (const name of partitions) await api.actions.createPartition({ name, vram: { max: 2 ** 20 }, compute: { max: 1 / 128 } });
  const terminal = await PseudoTerminal.open({ width, height });
  const modeBefore = terminal.mode();
  const child = terminal.gpup(['top', '--interval', '0.1', '--sort', 'name', '--host', api.socketPath], environment);
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    terminal.close();
    if (given === undefined) await api.close();
  });
  return { api, terminal, child, ended, modeBefore };
}

function names(output: string): readonly string[] {
  return lastPicture(output).flatMap((line) => /^((?:alpha|beta|gamma|p)[0-9]*) /.exec(line)?.[1] ?? []);
}

const isShown = (...expected: readonly string[]) => (output: string): boolean => names(output).join() === expected.join();

/** As it was before: the other screen is left, the cursor is there, lines wrap, keys are echoed. */
function checkRestored({ terminal, modeBefore }: Scene): void {
  const { output } = terminal;
  equal(output.split(ENTERED).length, output.split(LEFT).length);
  ok(output.lastIndexOf('\u001b[?25h') > output.lastIndexOf('\u001b[?25l'));
  ok(output.lastIndexOf('\u001b[?7h') > output.lastIndexOf('\u001b[?7l'));
  equal(terminal.mode(), modeBefore);
}

for (const [what, key] of [['q', 'q'], ['Ctrl-C', '\u0003']] as const) {
  test(`${what} ends it, and the terminal is as before`, async (t) => {
    const scene = await watched(t);
    const { terminal, ended, modeBefore } = scene;
    await terminal.shows(isShown('alpha', 'beta'));
    ok(terminal.mode() !== modeBefore);
    ok(terminal.output.startsWith(ENTERED));
    terminal.type(key);
    deepEqual(await ended, [0, null]);
    await terminal.shows((output) => output.includes(LEFT));
    checkRestored(scene);
  });
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} ends it as it ends others, and the terminal is as before`, async (t) => {
    const scene = await watched(t);
    await scene.terminal.shows(isShown('alpha', 'beta'));
    scene.child.kill(signal);
    deepEqual(await scene.ended, [null, signal]);
    await scene.terminal.shows((output) => output.includes(LEFT));
    checkRestored(scene);
  });
}

test('it follows the size of the terminal, and never writes beyond it', async (t) => {
  const partitions = Array.from({ length: 64 }, (_, index) => `p${index}`);
  const { terminal, child } = await watched(t, { partitions, width: 100, height: 30 });
  const fits = (width: number, height: number, count: number) => (output: string): boolean => {
    const lines = lastPicture(output);
    return names(output).length === count && lines.length <= height && lines.every((line) => line.length <= width);
  };
  await terminal.shows(fits(100, 30, 25));
  terminal.resize(child, { width: 30, height: 8 });
  await terminal.shows(fits(30, 8, 3));
  terminal.type('\u001b[F');
  await terminal.shows(isShown('p61', 'p62', 'p63'));
  terminal.type('n');
  await terminal.shows(isShown('p63', 'p62', 'p61'));
  terminal.resize(child, { width: 200, height: 80 });
  await terminal.shows(fits(200, 80, 64));
});

test('partitions come and go', async (t) => {
  const { terminal, api } = await watched(t);
  await terminal.shows(isShown('alpha', 'beta'));
  await api.actions.createPartition({ name: 'gamma' });
  await terminal.shows(isShown('alpha', 'beta', 'gamma'));
  for (const name of ['alpha', 'beta']) await api.actions.removePartition(name, { force: true });
  await terminal.shows(isShown('gamma'));
  await api.actions.removePartition('gamma', { force: true });
  await terminal.shows((output) => lastPicture(output).includes('There are no partitions.'));
});

test('a host that goes and comes back', async (t) => {
  const api = await openTestApi();
  t.after(() => api.close());
  const scene = await watched(t, { api });
  const { terminal } = scene;
  await terminal.shows(isShown('alpha', 'beta'));
  await api.stopListening();
  await terminal.shows((output) => lastPicture(output)[0]?.includes('No host listens') === true);
  await terminal.shows(isShown('alpha', 'beta'));
  await api.listenAgain();
  await terminal.shows((output) => lastPicture(output)[0]?.includes('2 partitions') === true);
  terminal.type('q');
  deepEqual(await scene.ended, [0, null]);
});

test('keys that mean nothing change nothing, and after Ctrl-Z it has the terminal again', async (t) => {
  const scene = await watched(t);
  const { terminal, modeBefore } = scene;
  await terminal.shows(isShown('alpha', 'beta'));
  terminal.type('\u000c\u001b[999~xyz\u001a');
  // Nobody has started it who could stop it: it goes on at once.
  await terminal.shows((output) => output.split(ENTERED).length === 3 && isShown('alpha', 'beta')(output));
  ok(terminal.output.indexOf(LEFT) < terminal.output.lastIndexOf(ENTERED));
  ok(terminal.mode() !== modeBefore);
  terminal.type('q');
  deepEqual(await scene.ended, [0, null]);
  await terminal.shows((output) => output.split(LEFT).length === 3);
  checkRestored(scene);
});

test('where the locale has no Unicode there is ASCII alone', async (t) => {
  const { terminal, api } = await watched(t, { environment: { LC_ALL: 'C' } });
  await terminal.shows(isShown('alpha', 'beta'));
  api.actions.setUsage('alpha', { gpuTimeUs: 1_000_000 });
  await terminal.shows((output) => /alpha .*[#_]/.test(lastPicture(output).join('\n')));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is asked for
  ok(/^[\u0000-\u007f]*$/.test(terminal.output));
});
