import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  HOST_CONFIG_FIELDS,
  type HostConfig,
  type HostSurroundings,
  decodeHostConfig,
  defaultConfigPath,
  defaultRuntimeDirectory,
  defaultStateDirectory,
  loadHostConfig,
} from './host-config.ts';
import { PF_LIMITS } from './limits.ts';
import { Refusal } from './refusal.ts';
import { type Schema, isValid, schemasOf } from './testing/json-schema.ts';
import { Random, seeds } from '@gpup/base/testing';

const docs = join(dirname(fileURLToPath(import.meta.url)), '../../../docs');
const schema = JSON.parse(readFileSync(join(docs, 'host-config.schema.json'), 'utf8')) as Schema;
const prose = readFileSync(join(docs, 'host-config.md'), 'utf8');

const user: HostSurroundings = { isRoot: false, environment: { XDG_RUNTIME_DIR: '/run/user/7' }, home: '/home/u', temporaryDirectory: '/tmp', uid: 7 };
const root: HostSurroundings = { ...user, isRoot: true, home: '/root', uid: 0 };
const decode = (value: unknown): HostConfig => decodeHostConfig(value, user);

function refusalOf(value: unknown): Refusal | null {
  try {
    decode(value);
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

const leaves = [...schemasOf(schema)].filter((leaf) => leaf.schema.type !== 'object');
const objects = [...schemasOf(schema)].filter((leaf) => leaf.schema.type === 'object');

/** What a value of another type or beyond an edge looks like. */
const STRANGERS: readonly unknown[] = [null, true, false, 0, 1, -1, 1.5, 1e300, '', 'x', '/', '/x\u0000', '/\u00e9', [], {}, { x: 1 }, ['auto']];

const ADDRESSES = [
  'localhost:80', '127.0.0.1:0', '[::1]:65535', '0.0.0.0:65536', 'h:99999', 'h:100000', 'h:01', 'h:', ':80', '80', 'h', 'a b:80', '::1:80', '[]:80', '[::1]', '-h:1',
  'h-:1', 'h.example:65529', 'h:65530', 'h:59999', 'h:60000', 'h:64999', 'h:65499', 'h:65500', 'h:9999', 'h:10000', 'h:1\n', `${'h'.repeat(254)}:1`, `${'h'.repeat(255)}:1`,
];

/** Both sides of each edge that a leaf has, and strangers. */
function candidates({ minimum, maximum, maxLength, enum: words }: Schema): readonly unknown[] {
  const numbers = [minimum, maximum].filter((edge) => edge !== undefined).flatMap((edge) => [edge - 1, edge, edge + 1, edge + 0.5, String(edge)]);
  const texts = maxLength === undefined ? [] : [maxLength, maxLength + 1].flatMap((length) => ['/'.padEnd(length, 'x'), `/${'\u{1f600}'.repeat(length - 1)}`]);
  return [...numbers, ...texts, ...(words ?? []), ...ADDRESSES, ...STRANGERS];
}

/** A configuration with one value, and with what its neighbours require. */
function configWith(path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const needed = name === 'listen' && rest.length > 0 ? { tcp: 'localhost:1', tokenFile: '/token' } : {};
  return { [name]: rest.length === 0 ? value : { ...needed, ...(configWith(rest, value) as object) } };
}

for (const { path, schema: leaf } of leaves) {
  test(`schema and decoder agree about ${path.join('.')}, on both sides of each edge`, () => {
    const verdicts = candidates(leaf).map((value) => {
      const config = configWith(path, value);
      const refusal = refusalOf(config);
      equal(refusal === null, isValid(schema, config), `${JSON.stringify(value)?.slice(0, 100)}: ${refusal?.message}`);
      // A value of another kind of thing may be refused for what is in it.
      if (refusal !== null) equal(refusal.field, path.join('.'), refusal.message);
      return refusal === null;
    });
    ok(verdicts.includes(true) && verdicts.includes(false));
  });
}

for (const { path, schema: object } of objects) {
  const name = path.join('.') || 'the whole';

  test(`schema and decoder know the same fields of ${name}`, () => {
    const message = refusalOf(configWith(path, { 'no-such-field': 1 }))?.message ?? '';
    match(message, /no-such-field is unknown/);
    const known = /known here: (.*)\.$/.exec(message)?.[1]?.split(', ') ?? [];
    deepEqual(known.sort(), Object.keys(object.properties ?? {}).sort());
    equal(object.additionalProperties, false);
  });

  test(`schema and decoder agree about what ${name} is not`, () => {
    for (const value of [...STRANGERS, { tokenFile: '/x' }, { tcp: 'localhost:1' }]) {
      const config = configWith(path, value);
      equal(refusalOf(config) === null, isValid(schema, config), JSON.stringify(config));
    }
  });
}

for (const seed of seeds(7, 2026)) {
  test(`schema and decoder agree about random configurations, seed ${seed}`, () => {
    const random = new Random(seed);
    const pick = <Type>(list: readonly Type[]): Type => list[random.below(list.length)] as Type;
    let acceptedCount = 0;
    for (let round = 0; round < 3_000; round++) {
      const config: Record<string, unknown> = {};
      for (let count = random.below(4); count > 0; count--) {
        const { path, schema: leaf } = pick(leaves);
        const fitting = candidates(leaf).filter((value) => random.below(8) === 0 || isValid(leaf, value));
        merge(config, configWith(path, pick(fitting)) as Record<string, unknown>);
      }
      const isAccepted = refusalOf(config) === null;
      if (isAccepted) acceptedCount++;
      equal(isAccepted, isValid(schema, config), JSON.stringify(config).slice(0, 300));
    }
    ok(acceptedCount > 300);
  });
}

function merge(into: Record<string, unknown>, from: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(from)) {
    const old = into[name];
    const isObject = typeof old === 'object' && old !== null && !Array.isArray(old) && typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isObject) merge(old as Record<string, unknown>, value as Record<string, unknown>);
    else into[name] = value;
  }
}

test('the defaults of the schema are the decoder\'s', () => {
  const config = decode({});
  for (const { path, schema: leaf } of leaves) {
    if (!Object.hasOwn(leaf, 'default')) continue;
    deepEqual(path.reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], config), leaf.default, path.join('.'));
  }
  deepEqual(HOST_CONFIG_FIELDS.toSorted(), Object.keys(schema.properties ?? {}).filter((name) => name !== '$schema').sort());
});

test('the prose explains each field with its default', () => {
  for (const { path, schema: leaf } of leaves) {
    if (path[0] === '$schema') continue;
    const row = prose.split('\n').find((line) => line.startsWith(`| \`${path.join('.')}\` |`));
    ok(row !== undefined, `docs/host-config.md does not explain ${path.join('.')}.`);
    if (leaf.default !== undefined) ok(row.includes(String(leaf.default)), row);
  }
});

test('the example of the prose is a configuration', () => {
  const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(prose)?.[1] ?? '');
  deepEqual(decode(example).listen, { host: '127.0.0.1', port: 7411, tokenFile: '/etc/gpup/token' });
  equal(isValid(schema, example), true);
});

test('the longest runtime directory leaves room for the socket of the longest name', () => {
  // sizeof(sockaddr_un.sun_path) less its final NUL.
  equal('/'.padEnd(PF_LIMITS.runtimeDirectoryLengthMax, 'x').length + `/partitions/${'n'.repeat(PF_LIMITS.partitionNameLengthMax)}.sock`.length <= 107, true);
});

test('an empty configuration is the defaults', () => {
  deepEqual(decode({}), {
    adapter: 'auto',
    softwareAdapters: null,
    runtimeDirectory: '/run/user/7/gpup-host',
    stateDirectory: '/home/u/.local/state/gpup',
    listen: null,
    pool: 1,
    orphanMsMax: 600_000,
    tdr: { hardware: { delayMs: 2_000, ddiDelayMs: 5_000 }, software: { delayMs: 10_000, ddiDelayMs: 20_000 }, limitCount: 5, limitTimeMs: 60_000 },
    scheduling: { policy: 'best-effort', sliceMs: 30 },
    logLevel: 'info',
    defaultPartition: true,
    isolation: 'prefer',
    vfProcessorPercentMax: null,
  });
});

test('an address in brackets is taken without them', () => {
  deepEqual(decode({ listen: { tcp: '[::1]:0', tokenFile: '/t' } }).listen, { host: '::1', port: 0, tokenFile: '/t' });
});

test('what is given replaces a default, beside the others', () => {
  deepEqual(decode({ scheduling: { policy: 'equal-share' } }).scheduling, { policy: 'equal-share', sliceMs: 30 });
  deepEqual(decode({ tdr: { software: { delayMs: 300 } } }).tdr.software, { delayMs: 300, ddiDelayMs: 20_000 });
});

test('places follow the user, the session and the home', () => {
  deepEqual([defaultConfigPath(root), defaultRuntimeDirectory(root), defaultStateDirectory(root)], ['/etc/gpup/host.json', '/run/gpup', '/var/lib/gpup']);
  const bare = { ...user, environment: { XDG_RUNTIME_DIR: '' } };
  deepEqual(
    [defaultConfigPath(bare), defaultRuntimeDirectory(bare), defaultStateDirectory(bare)],
    ['/home/u/.config/gpup/host.json', '/tmp/gpup-host-7', '/home/u/.local/state/gpup'],
  );
  const own = { ...user, environment: { XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/r' } };
  deepEqual([defaultConfigPath(own), defaultRuntimeDirectory(own), defaultStateDirectory(own)], ['/c/gpup/host.json', '/r/gpup-host', '/s/gpup']);
});

const directory = mkdtempSync(join(tmpdir(), 'gpup-config-'));
after(() => rmSync(directory, { recursive: true }));

test('a file is read; errors name it, the field, the value and the limit', () => {
  const path = join(directory, 'host.json');
  writeFileSync(path, '{ "$schema": "./host-config.schema.json", "pool": 16 }');
  equal(loadHostConfig(path, user, { required: true }).pool, 16);
  writeFileSync(path, '{ "pool": 17 }');
  throws(() => loadHostConfig(path, user, { required: true }), {
    code: 'bad-field',
    field: 'pool',
    message: `The configuration ${path} cannot be used: The field pool (17) is not a whole number from 0 to 16.`,
  });
  writeFileSync(path, '{ "pool": ');
  throws(() => loadHostConfig(path, user, { required: true }), { code: 'bad-json', message: new RegExp(path) });
});

test('a file that nobody has named may be missing, one that somebody has named may not', () => {
  const path = join(directory, 'missing.json');
  deepEqual(loadHostConfig(path, user, { required: false }), decode({}));
  throws(() => loadHostConfig(path, user, { required: true }), { code: 'bad-config', message: new RegExp(path) });
  throws(() => loadHostConfig(directory, user, { required: false }), { code: 'bad-config' });
});
