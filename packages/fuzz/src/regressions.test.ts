import { deepEqual, equal } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readFinding } from './finding-file.ts';
import { makeTargets } from './targets.ts';

const DIRECTORY = fileURLToPath(new URL('../regressions', import.meta.url));

for (const file of readdirSync(DIRECTORY).sort()) {
  test(`what once failed goes well: ${basename(file, '.json')}`, async () => {
    const { target: name, kept } = readFinding(join(DIRECTORY, file));
    const target = (await makeTargets()).targets.find((each) => each.name === name);
    equal(target?.name, name);
    deepEqual(await target?.replay(kept), null);
  });
}
