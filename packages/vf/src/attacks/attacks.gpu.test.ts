/** Each attack succeeds inside of a VF that is not isolated, and fails in one that is. */
import { equal, match } from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ATTACKS, type Attack } from './attacks.ts';
import { AttackedVf, Scene, type Verdict, environmentForAttacks } from './scene.ts';

const isRoot = process.getuid?.() === 0;
/** Where dumps go to a program there is no file to look for. */
const dumpsGoToFiles = !readFileSync('/proc/sys/kernel/core_pattern', 'latin1').startsWith('|');
const openFilesMax = Number(/^Max open files +\d+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 0);
const hasCompatCalls = findCompatCalls();
const possible = ATTACKS.filter(({ needsRoot, needsOpenFiles = 0, needsCompatCalls, leaves }) => (isRoot || needsRoot !== true) && needsOpenFiles <= openFilesMax && (hasCompatCalls || needsCompatCalls !== true) && (dumpsGoToFiles || leaves === undefined));

const scene = new Scene();
const vfs: Record<'off' | 'require', AttackedVf | undefined> = { off: undefined, require: undefined };

let environment: Record<string, string>;

before(async () => {
  environment = environmentForAttacks();
  await scene.set();
});
after(async () => {
  for (const vf of Object.values(vfs)) await vf?.end();
  unmount();
  scene.close();
});

/** Anything but the kernel's own refusal is a fault of the suite's, and no reason to leave an attack out. */
function findCompatCalls(): boolean {
  const { status, signal, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL('./compat-probe.js', import.meta.url))], { encoding: 'utf8' });
  if (status !== 0 && signal !== 'SIGSEGV') throw new Error(`The probe for the 32-bit interface ended with ${signal ?? status}: ${stderr}`);
  return status === 0;
}

async function attempt(attack: Attack, isolation: 'off' | 'require'): Promise<Verdict> {
  scene.reset();
  const vf = vfs[isolation]?.isAlive ? (vfs[isolation] as AttackedVf) : await AttackedVf.start({ isolation, scene, environment });
  const verdict = await vf.try(attack);
  vfs[isolation] = vf;
  if (attack.spoils === true || !vf.isAlive) {
    await vf.end();
    vfs[isolation] = undefined;
  }
  unmount();
  return verdict;
}

/** What an attack has mounted goes, wherever it has got to. */
function unmount(): void {
  const path = join(scene.directory, 'mount-point');
  if (readFileSync('/proc/self/mounts', 'latin1').includes(` ${path} `)) execFileSync('umount', [path]);
}

const REFUSALS = /^(EPERM|ENOSYS|EACCES|EMFILE|EFBIG)$/;

for (const attack of possible) {
  test(`${attack.kind}: ${attack.name}`, async () => {
    equal(await attempt(attack, 'off'), null, 'it succeeds where nothing is isolated');
    const verdict = await attempt(attack, 'require');
    if (attack.endsBy !== undefined && attack.falls === 'refused') equal(verdict, String(attack.endsBy));
    else if (attack.falls === 'ended') match(String(verdict), /^SIGSYS$/);
    else match(String(verdict), REFUSALS);
  });
}
