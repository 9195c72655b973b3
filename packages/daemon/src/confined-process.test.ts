import { equal } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, describe, test } from 'node:test';
import { forgoIoUring } from '@gpup/sandbox';
import { isConfinedProcess, isConfinedThread } from './confined-process.ts';

// As a host does: Node 24 has one from its start otherwise, whose thread in the kernel keeps its rights.
forgoIoUring();

/** It prints a line once it has done what it is told, and waits. */
async function processOf(t: TestContext, act: string): Promise<ChildProcess> {
  const program = `import { confine } from ${JSON.stringify(import.meta.resolve('@gpup/sandbox'))}; import { writeSync } from 'node:fs'; ${act}; writeSync(1, 'done\\n'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

test('a process that has confined itself is told from one that has not, and from one that is gone', async (t) => {
  const confined = await processOf(t, "confine({ adapter: 'software', survives: true, limits: { openFilesMax: 100, fileBytesMax: 1024 } })");
  equal(isConfinedProcess(confined.pid as number), true);
  equal(isConfinedProcess((await processOf(t, 'void confine')).pid as number), false);
  equal(isConfinedProcess(process.pid), false);
  confined.kill('SIGKILL');
  await once(confined, 'close');
  equal(isConfinedProcess(confined.pid as number), false);
});

describe('a thread', () => {
  const statusOf = (fields: object): string =>
    Object.entries({ Name: 'node', CapPrm: '0000000000000000', NoNewPrivs: 1, Seccomp: 2, Seccomp_filters: 2, ...fields })
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}:\t${value}\n`)
      .join('');
  const own = statusOf({ CapPrm: '000001ffffffffff', Seccomp_filters: 1 });
  for (const [what, fields, isConfined] of [
    ['that has it all', {}, true],
    ['with a capability', { CapPrm: '0000000000200000' }, false],
    ['that may get privileges', { NoNewPrivs: 0 }, false],
    ['without a filter', { Seccomp: 0, Seccomp_filters: 0 }, false],
    ["with no filter but its surroundings'", { Seccomp_filters: 1 }, false],
    ['of a kernel that does not count filters', { Seccomp_filters: null }, true],
    ['of a kernel that does not count filters, without one', { Seccomp: 0, Seccomp_filters: null }, false],
  ] as const) {
    test(`${what} is ${isConfined ? 'confined' : 'not confined'}`, () => equal(isConfinedThread(statusOf(fields), own), isConfined));
  }
});
