/** README.md, "A day in the life of an operator": every command of it, in its order, with a real host in a directory of its own. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CLI_MAIN_PATH } from './testing/processes.ts';
import { type Ended, Program } from './testing/program.ts';
import { eventually } from './testing/scenario.ts';
import { WORKING_GUEST } from './testing/working-guest.ts';

const README = fileURLToPath(new URL('../../../README.md', import.meta.url));

interface Command {
  /** As it stands there, without its comment. */
  readonly text: string;
  /** It ends with status 4, and that is what the comment says. */
  readonly isRefused: boolean;
}

function commandsOfTheDay(): readonly Command[] {
  const [section = ''] = readFileSync(README, 'utf8').split('## A day in the life of an operator\n').slice(1).join('').split('\n## ');
  const lines = [...section.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) => block.trimEnd().split('\n'));
  return lines.map((line) => {
    const [text = '', comment = ''] = line.split(/\s+# /);
    return { text, isRefused: comment.startsWith('refused') };
  });
}

const directory = mkdtempSync(join(tmpdir(), 'gpup-test-'));
const runtime = join(directory, 'run');
const bin = join(directory, 'bin');
const { GPUP_SOCKET: _, ...surroundings } = process.env;
const env = { ...surroundings, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`, GPUP_HOST: join(runtime, 'api.sock') };

/** The place of the host's files is the only thing that is not as it stands there. */
function prepareDirectory(): void {
  const configPath = join(directory, 'host.json');
  writeFileSync(configPath, JSON.stringify({ adapter: 'software', runtimeDirectory: runtime, stateDirectory: join(directory, 'state') }));
  mkdirSync(bin);
  const gpup = join(bin, 'gpup');
  writeFileSync(gpup, `#!/bin/sh\ncase "$1" in host) exec "${process.execPath}" "${CLI_MAIN_PATH}" "$@" --config "${configPath}";; *) exec "${process.execPath}" "${CLI_MAIN_PATH}" "$@";; esac\n`);
  chmodSync(gpup, 0o755);
  writeFileSync(join(directory, 'train.mjs'), WORKING_GUEST.replace('Number(process.argv[1])', '17'));
  writeFileSync(join(directory, 'infer.mjs'), "const device = await (await navigator.gpu.requestAdapter()).requestDevice(); device.destroy(); console.log('inferred');");
}

const background: Program[] = [];

function begin({ text }: Command): Program {
  return new Program(['sh', '-c', `${text.replaceAll('/run/gpup', runtime).replace(/ &$/, '')}`], { cwd: directory, env });
}

async function perform(command: Command): Promise<Ended> {
  const ended = await begin(command).ended;
  equal(ended.status, command.isRefused ? 4 : 0, `${command.text}: ${ended.stdout} ${ended.stderr}`);
  return ended;
}

async function rounds(guest: Program, count: number): Promise<void> {
  const done = (): number => guest.stdout.split('round ').length - 1;
  const before = done();
  await eventually(() => done() >= before + count || undefined, () => `the guest does not go on: ${guest.stdout.slice(-200)}`);
}

after(async () => {
  for (const { child } of background) child.kill('SIGKILL');
  await perform({ text: 'gpup host stop --guests end', isRefused: false });
  rmSync(directory, { recursive: true, force: true });
});

test('every command of the day does what it says', async (t) => {
  prepareDirectory();
  const outputs = new Map<string, string[]>();
  for (const command of commandsOfTheDay()) {
    if (command.text.endsWith(' &')) {
      const guest = begin(command);
      background.push(guest);
      await rounds(guest, 2);
      continue;
    }
    const { stdout, stderr } = await perform(command);
    outputs.set(command.text, [...(outputs.get(command.text) ?? []), stdout + stderr]);
    // Whatever is done around it.
    const isRemoved = command.text === 'gpup partition rm alpha --force' || command.text === 'gpup host stop --guests end';
    for (const guest of background) if (!isRemoved) await rounds(guest, 2);
    t.diagnostic(command.text);
  }
  const of = (text: string): readonly string[] => outputs.get(text) ?? [];
  match(of('gpup host start')[1] ?? '', /; 1 guests of the host before go on with it\.\n$/);
  const [before = '', afterwards = ''] = of('gpup ps').map((text) => /^(\d+ +alpha +ready +\d+ +\d+) /m.exec(text)?.[1] ?? '');
  ok(before !== '', of('gpup ps')[0]);
  equal(afterwards, before);
  match(of('gpup top --once')[0] ?? '', /^alpha +\d+\.\d % +- +32\.0K of .* [\d.]+k? +[\d.]+ [um]?s +[\d.]+ [um]?s /m);
  match(of('gpup partition show alpha')[0] ?? '', /secret/);
  match(of('gpup partition set alpha --vram 16KiB')[0] ?? '', /vram-in-use: Partition "alpha" uses 32768 bytes/);
  match(of('gpup partition rm alpha')[0] ?? '', /partition-in-use/);
  deepEqual(of('gpup run -- node infer.mjs'), ['inferred\n']);
  const [guest] = await Promise.all(background.map(({ ended }) => ended));
  match(guest?.stdout ?? '', /\nlost The partition "alpha" is removed\.\n$/);
});

test('a program is told that its partition, or its host, is not there', async () => {
  const missing = await begin({ text: 'gpup run --partition none -- true', isRefused: true }).ended;
  deepEqual([missing.status, missing.stdout, missing.stderr], [3, '', `gpup: No host listens at ${env['GPUP_HOST']}; "gpup host start" starts one.\n`]);
  const named = await begin({ text: 'gpup run -- true', isRefused: true }).ended;
  deepEqual([named.status, named.stderr], [3, missing.stderr]);
  await perform({ text: 'gpup host start', isRefused: false });
  const unknown = await begin({ text: 'gpup run --partition none -- true', isRefused: true }).ended;
  deepEqual([unknown.status, unknown.stderr], [4, 'gpup: unknown-partition: There is no partition "none".\n']);
  await perform({ text: 'gpup partition rm default', isRefused: false });
  const noDefault = await begin({ text: 'gpup run -- true', isRefused: true }).ended;
  equal(noDefault.status, 4);
  match(noDefault.stderr, /^gpup: unknown-partition: The host that runs has no partition "default"; name one with --partition, or run beside the host with --ephemeral\.\n$/);
  equal((await begin({ text: 'gpup run --ephemeral -- node infer.mjs', isRefused: false }).ended).stdout, 'inferred\n');
});
