import { deepEqual } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';

const MODULES = { slices: new URL('./warm-up-slices.js', import.meta.url).href, umd: import.meta.resolve('@gpup/umd') };

/** How many rounds there were, and how many of them were the last, when a program that begins twice ends. */
async function roundsOf(environment: Readonly<Record<string, string>>, life: string): Promise<unknown> {
  const program = `
    import { WarmUp } from '${MODULES.umd}';
    import { warmUpSoon } from '${MODULES.slices}';
    const seen = { rounds: 0, ends: 0 };
    const { round, close } = WarmUp.prototype;
    WarmUp.prototype.round = function () { seen.rounds++; round.call(this); };
    let tell = () => {};
    WarmUp.prototype.close = function () { close.call(this); seen.ends++; tell(); };
    const closed = new Promise((resolve) => { tell = resolve; });
    process.on('exit', () => console.log(JSON.stringify({ hasRounds: seen.rounds > 0, ends: seen.ends })));
    warmUpSoon();
    warmUpSoon();
    ${life}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return JSON.parse(said);
}

/** A timer of the program's own keeps it alive until it is over. */
const UNTIL_OVER = 'const alive = setInterval(() => {}, 1000); await closed; await new Promise((resolve) => setTimeout(resolve, 100)); clearInterval(alive);';
const FOR_A_WHILE = 'await new Promise((resolve) => setTimeout(resolve, 1000));';

test('a program that lives on is warmed up once', async () => deepEqual(await roundsOf({}, UNTIL_OVER), { hasRounds: true, ends: 1 }));

test('one that ends is not held up', async () => deepEqual(await roundsOf({}, ''), { hasRounds: false, ends: 0 }));

test('nothing is done where it is switched off', async () => deepEqual(await roundsOf({ GPUP_WARM_UP: 'off' }, FOR_A_WHILE), { hasRounds: false, ends: 0 }));

test('what fails on the way is not the program\'s to hear of', async () => {
  const failing = `WarmUp.prototype.round = () => { seen.rounds++; throw new Error('It fails.'); }; ${FOR_A_WHILE}`;
  deepEqual(await roundsOf({}, failing), { hasRounds: true, ends: 0 });
});
