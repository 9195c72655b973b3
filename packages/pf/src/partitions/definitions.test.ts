import { deepEqual, equal, throws } from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PF_LIMITS } from '../limits.ts';
import type { PartitionDefinition } from './definition.ts';
import { temporaryPathOf } from '../kept-file.ts';
import { DEFINITIONS_STEPS, DEFINITIONS_VERSION, encodeDefinitions, loadDefinitions, saveDefinitions } from './definitions.ts';
import { type Definitions, NO_DEFINITIONS } from './restore.ts';

const root = mkdtempSync(join(tmpdir(), 'gpup-definitions-'));
after(() => rmSync(root, { recursive: true }));

let directoryCount = 0;
function newPath(): string {
  const directory = join(root, String(directoryCount++));
  mkdirSync(directory);
  return join(directory, 'partitions.json');
}

const definition: PartitionDefinition = {
  name: 'a',
  tenant: 'acme',
  adapter: 'hardware-0',
  size: '1/6',
  vram: { min: 0, optimal: 5, max: 2 ** 40 },
  compute: { min: 1 / 6 },
  contextsMax: 3,
  hostBytesMax: PF_LIMITS.hostBytesMin,
  baseline: { features: ['shader-f16'], limits: { maxBindGroups: 4 } },
  escapes: ['statistics'],
  latencyClass: 'interactive',
  timestamps: 'fine',
  createdMs: 1_800_000_000_000,
  blocked: { reason: 'More than 5 timeouts within 60 s.', sinceMs: 1_800_000_000_001 },
};
const plain: PartitionDefinition = { ...definition, name: 'b', tenant: null, size: null, vram: {}, compute: {}, baseline: {}, escapes: [], timestamps: 'coarse', blocked: null };
const older: Definitions = { modes: { 'software-0': 'dda' }, scheduling: {}, partitions: [plain] };
const newer: Definitions = { modes: {}, scheduling: { 'hardware-0': { policy: 'fixed-share', sliceMs: 30 } }, partitions: [plain, definition] };

test('what is saved is loaded', () => {
  const path = newPath();
  for (const definitions of [older, newer, NO_DEFINITIONS]) {
    saveDefinitions(path, definitions);
    deepEqual(loadDefinitions(path), definitions);
  }
  deepEqual(readdirSync(join(path, '..')), ['partitions.json']);
  equal(statSync(path).mode & 0o777, 0o600);
});

test('a partition of a file of before tenants is nobody\'s', () => {
  const path = newPath();
  const { tenant: _, ...untenanted } = plain;
  writeFileSync(path, JSON.stringify({ version: DEFINITIONS_VERSION, modes: {}, partitions: [untenanted] }));
  deepEqual(loadDefinitions(path)?.partitions, [plain]);
});

test('a definition that says nothing of timestamps has coarse ones: it is older than they are', () => {
  const path = newPath();
  const { timestamps: _, ...silent } = plain;
  writeFileSync(path, JSON.stringify({ version: DEFINITIONS_VERSION, modes: {}, partitions: [silent] }));
  deepEqual(loadDefinitions(path)?.partitions, [plain]);
});

test('no file is no definitions, also where the directory is not there', () => {
  equal(loadDefinitions(newPath()), null);
  equal(loadDefinitions(join(root, 'nowhere', 'partitions.json')), null);
});

test('a directory that is not there is made, for its owner alone', () => {
  const path = join(root, 'made', 'deeper', 'partitions.json');
  saveDefinitions(path, older);
  deepEqual(loadDefinitions(path), older);
  equal(statSync(join(root, 'made')).mode & 0o777, 0o700);
});

// What a crash right after a step leaves on the disk is what the directory holds at that moment.
for (const step of DEFINITIONS_STEPS) {
  const isRenamed = step === 'definitions.renamed' || step === 'definitions.kept';

  test(`a crash after ${step} leaves the ${isRenamed ? 'newer' : 'older'} definitions, and the next write goes well`, () => {
    const [path, crashed] = [newPath(), newPath()];
    saveDefinitions(path, older);
    const passed: string[] = [];
    saveDefinitions(path, newer, (at) => {
      passed.push(at);
      if (at === step) for (const file of [path, temporaryPathOf(path)]) if (existsSync(file)) copyFileSync(file, file.replace(path, crashed));
    });
    deepEqual(passed, DEFINITIONS_STEPS);
    deepEqual(loadDefinitions(crashed), isRenamed ? newer : older);
    equal(existsSync(temporaryPathOf(crashed)), !isRenamed);
    saveDefinitions(crashed, newer);
    deepEqual(loadDefinitions(crashed), newer);
    equal(existsSync(temporaryPathOf(crashed)), false);
  });

  test(`a write that fails after ${step} closes its file, and the next one goes well`, () => {
    const path = newPath();
    saveDefinitions(path, older);
    const descriptorCount = readdirSync('/proc/self/fd').length;
    throws(() => saveDefinitions(path, newer, (at) => { if (at === step) throw new Error('No space.'); }), /No space/);
    equal(readdirSync('/proc/self/fd').length, descriptorCount);
    deepEqual(loadDefinitions(path), isRenamed ? newer : older);
    saveDefinitions(path, older);
    deepEqual(loadDefinitions(path), older);
  });
}

test('the file is on the disk before it gets its name, and its name before the write returns', (t) => {
  const path = newPath();
  const order: string[] = [];
  t.mock.method(fs, 'fsyncSync', (fd: number) => order.push(fs.fstatSync(fd).isDirectory() ? 'directory synced' : 'file synced'));
  const rename = fs.renameSync;
  t.mock.method(fs, 'renameSync', (from: string, to: string) => {
    order.push('renamed');
    rename(from, to);
  });
  syncBuiltinESMExports();
  try {
    saveDefinitions(path, older);
  } finally {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  }
  deepEqual(order, ['file synced', 'renamed', 'directory synced']);
});

test('the first write of all that crashes before its end leaves no definitions', () => {
  const path = newPath();
  throws(() => saveDefinitions(path, newer, (at) => { if (at === 'definitions.synced') throw new Error('crash'); }));
  equal(loadDefinitions(path), null);
});

test('half a temporary file of a longer write does not shine through', () => {
  const path = newPath();
  writeFileSync(temporaryPathOf(path), 'x'.repeat(1_000_000));
  saveDefinitions(path, older);
  deepEqual(loadDefinitions(path), older);
});

test('a link in the place of the temporary file is not followed', () => {
  const path = newPath();
  const victim = join(path, '..', 'victim');
  writeFileSync(victim, 'kept');
  symlinkSync(victim, temporaryPathOf(path));
  throws(() => saveDefinitions(path, older), { code: 'ELOOP' });
  equal(readFileSync(victim, 'utf8'), 'kept');
});

const asFile = (partitions: unknown, more: object = {}): string => JSON.stringify({ version: DEFINITIONS_VERSION, modes: {}, partitions, ...more });

for (const [what, text, field, sentence] of [
  ['an empty file', '', undefined, /not JSON/],
  ['half a file', encodeDefinitions(newer).slice(0, 300), undefined, /not JSON/],
  ['zeros, as a crash of the file system leaves them', '\0'.repeat(500), undefined, /not JSON/],
  ['null', 'null', undefined, /not an object/],
  ['a list', '[]', undefined, /not an object/],
  ['no version', '{}', 'version', /missing.*\(1\)/],
  ['a newer version', JSON.stringify({ version: 2, whatever: 1 }), 'version', /\(2\).*\(1\)/],
  ['a version that is a text', JSON.stringify({ version: '1' }), 'version', /"1"/],
  ['an unknown field', asFile([], { extra: 1 }), 'extra', /extra/],
  ['no partitions', asFile(undefined), 'partitions', /missing/],
  ['no modes', asFile([], { modes: undefined }), 'modes', /missing/],
  ['a policy that there is not', asFile([], { scheduling: { 'hardware-0': { policy: 'fair', sliceMs: 10 } } }), 'scheduling.hardware-0.policy', /fair/],
  ['a policy without the length of turns', asFile([], { scheduling: { 'hardware-0': { policy: 'equal-share' } } }), 'scheduling.hardware-0.sliceMs', /missing/],
  ['turns of no length', asFile([], { scheduling: { 'hardware-0': { policy: 'equal-share', sliceMs: 0 } } }), 'scheduling.hardware-0.sliceMs', /\(0\).*1/],
  ['turns that are too long', asFile([], { scheduling: { 'hardware-0': { policy: 'equal-share', sliceMs: 101 } } }), 'scheduling.hardware-0.sliceMs', /101.*100/],
  ['a latency class that there is not', asFile([{ ...plain, latencyClass: 'batch' }]), 'partitions[0].latencyClass', /batch/],
  ['a mode that there is not', asFile([], { modes: { 'hardware-0': 'forward' } }), 'modes.hardware-0', /forward/],
  ['a partition without a name', asFile([{ ...plain, name: undefined }]), 'partitions[0].name', /missing/],
  ['a partition without an adapter', asFile([{ ...plain, adapter: undefined }]), 'partitions[0].adapter', /null/],
  ['a budget that is a text', asFile([plain, { ...definition, vram: { max: '4GiB' } }]), 'partitions[1].vram.max', /4GiB/],
  ['a budget in the wrong order', asFile([{ ...plain, vram: { min: 2, max: 1 } }]), 'partitions[0].vram.min', /above/],
  ['an unknown field of a partition', asFile([{ ...plain, quota: 1 }]), 'partitions[0].quota', /quota/],
  ['no time of creation', asFile([{ ...plain, createdMs: undefined }]), 'partitions[0].createdMs', /missing/],
  ['a block without a reason', asFile([{ ...plain, blocked: { sinceMs: 1 } }]), 'partitions[0].blocked.reason', /missing/],
  ['a name twice', asFile([plain, plain]), 'partitions[1].name', /"b"/],
  ['a size that there is not', asFile([{ ...plain, size: 'half' }]), 'partitions[0].size', /half/],
] as const) {
  test(`${what} is refused with the file's name and the field, and the file is kept`, () => {
    const path = newPath();
    writeFileSync(path, text);
    throws(
      () => loadDefinitions(path),
      (error: { code: string; field: unknown; message: string }) => {
        deepEqual([error.code, error.field, error.message.includes(path), sentence.test(error.message)], ['definitions-damaged', field, true, true], error.message);
        return true;
      },
    );
    equal(readFileSync(path, 'utf8'), text);
  });
}

test('a file longer than any of ours is refused before it is read', () => {
  const path = newPath();
  writeFileSync(path, ' '.repeat(PF_LIMITS.definitionsBytesMax + 1));
  throws(() => loadDefinitions(path), { code: 'definitions-unreadable', message: new RegExp(`${PF_LIMITS.definitionsBytesMax + 1}.*${PF_LIMITS.definitionsBytesMax}`) });
});

test('a directory in the place of the file is refused', () => {
  const path = newPath();
  mkdirSync(path);
  throws(() => loadDefinitions(path), { code: 'definitions-unreadable' });
  throws(() => saveDefinitions(path, older), { code: 'EISDIR' });
});

test('the file is for people too', () => {
  equal(encodeDefinitions(older).split('\n').length > 10, true);
  equal(encodeDefinitions(older).endsWith('}\n'), true);
});

test('a file of before there were policies and latency classes is read', () => {
  const path = newPath();
  const { latencyClass, ...old } = plain;
  writeFileSync(path, asFile([old]));
  deepEqual(loadDefinitions(path), { ...NO_DEFINITIONS, partitions: [{ ...plain, latencyClass: 'throughput' }] });
  equal(latencyClass, 'interactive');
});

test('names of another version of the host do not keep it from starting', () => {
  const path = newPath();
  const definitions: Definitions = { ...NO_DEFINITIONS, partitions: [{ ...plain, escapes: ['of-later'], baseline: { features: ['feature-of-later'] } }] };
  saveDefinitions(path, definitions);
  chmodSync(path, 0o400);
  deepEqual(loadDefinitions(path), definitions);
});

test('what could not be read again is not saved, and the older file stays', () => {
  const path = newPath();
  saveDefinitions(path, older);
  throws(() => saveDefinitions(path, { ...NO_DEFINITIONS, partitions: [{ ...definition, vram: { min: 3, max: 2 } }] }), { name: 'Refusal' });
  deepEqual(loadDefinitions(path), older);
});
