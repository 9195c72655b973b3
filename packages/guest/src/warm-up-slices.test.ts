import { deepEqual } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';

const MODULES = { slices: new URL('./warm-up-slices.js', import.meta.url).href, umd: import.meta.resolve('@gpup/umd') };

/** Whether there were rounds, how often they came to their end, and the exit status, of a program that begins twice. */
async function roundsOf(environment: Readonly<Record<string, string>>, life: string): Promise<object> {
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
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { ...JSON.parse(said), code };
}

/** A timer of the program's own keeps it alive until it is over. */
const UNTIL_OVER = 'const alive = setInterval(() => {}, 1000); await closed; await new Promise((resolve) => setTimeout(resolve, 100)); clearInterval(alive);';
const FOR_A_WHILE = 'await new Promise((resolve) => setTimeout(resolve, 1000));';

test('a program that lives on is warmed up once', async () => deepEqual(await roundsOf({}, UNTIL_OVER), { hasRounds: true, ends: 1, code: 0 }));

/** The first round never lets it come to its end, so that only the program's own end is one. */
const ENDLESS = "Object.defineProperty(WarmUp.prototype, 'isOver', { get: () => false });";
const UNTIL_BEGUN = 'const alive = setInterval(() => { if (seen.rounds > 0) clearInterval(alive); }, 5);';

test('one that ends is not held up, before or after it has begun', async () => {
  deepEqual(await roundsOf({}, ''), { hasRounds: false, ends: 0, code: 0 });
  deepEqual(await roundsOf({}, `${ENDLESS} ${UNTIL_BEGUN}`), { hasRounds: true, ends: 0, code: 0 });
});

test('nothing is done where it is switched off', async () => deepEqual(await roundsOf({ GPUP_WARM_UP: 'off' }, FOR_A_WHILE), { hasRounds: false, ends: 0, code: 0 }));

test('what fails on the way is not the program\'s to hear of', async () => {
  const failing = `WarmUp.prototype.round = () => { seen.rounds++; throw new Error('It fails.'); }; ${FOR_A_WHILE}`;
  deepEqual(await roundsOf({}, failing), { hasRounds: true, ends: 0, code: 0 });
});
