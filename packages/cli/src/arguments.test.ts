import { deepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandLine } from './arguments.ts';

const run = { kind: 'run', adapter: 'auto', transport: 'aperture', vramBytes: undefined, pool: undefined } as const;

for (const [line, command] of [
  ['--help', { kind: 'help', topic: 'gpup' }],
  ['-h', { kind: 'help', topic: 'gpup' }],
  ['help', { kind: 'help', topic: 'gpup' }],
  ['--version', { kind: 'version' }],
  ['run --help', { kind: 'help', topic: 'run' }],
  ['info --help', { kind: 'help', topic: 'info' }],
  ['info', { kind: 'info', json: false }],
  ['info --json', { kind: 'info', json: true }],
  ['run -- node app.js', { ...run, command: ['node', 'app.js'] }],
  ['run node app.js', { ...run, command: ['node', 'app.js'] }],
  ['run -- node --help', { ...run, command: ['node', '--help'] }],
  ['run node --vram 1 --json', { ...run, command: ['node', '--vram', '1', '--json'] }],
  ['run node -- --help', { ...run, command: ['node', '--', '--help'] }],
  ['run --vram 256MiB -- node', { ...run, vramBytes: 2 ** 28, command: ['node'] }],
  ['run --vram=1G --adapter software --transport stream -- node', { ...run, vramBytes: 2 ** 30, adapter: 'software', transport: 'stream', command: ['node'] }],
  ['run --pool 0 -- node', { ...run, pool: 0, command: ['node'] }],
  ['run --pool 16 -- node', { ...run, pool: 16, command: ['node'] }],
] as const) {
  test(`gpup ${line}`, () => deepEqual(parseCommandLine(line.split(' ')), command));
}

for (const [line, message] of [
  ['', /No command is given/],
  ['walk', /Unknown command \(walk\); gpup knows: run, info, capture, replay/],
  ['--jsn', /Unknown option \(--jsn\) of gpup;/],
  ['info --jsn', /Unknown option \(--jsn\) of gpup info/],
  ['info extra', /takes no argument \(extra\)/],
  ['info --json=yes', /Option --json takes no value \(yes\)/],
  ['run', /No program is given/],
  ['run --', /No program is given/],
  ['run --vram', /Option --vram needs a value/],
  ['run --vram 1 --vram 2 -- node', /--vram is given twice/],
  ['run --vram 0 -- node', /--vram \(0\) is below the limit \(1 byte\)/],
  ['run --vram 2TiB -- node', /--vram \(2TiB\) is above the limit \(1 TiB\)/],
  ['run --vram lots -- node', /--vram \(lots\) is not a number of bytes/],
  ['run --adapter quantum -- node', /--adapter \(quantum\) is none of auto, hardware, software/],
  ['run --transport pigeon -- node', /--transport \(pigeon\) is none of aperture, stream/],
  ['run --pool 17 -- node', /--pool \(17\) is not a whole number from 0 to 16/],
  ['run --pool some -- node', /--pool \(some\) is not a whole number/],
  ['run --toString x -- node', /Unknown option \(--toString\)/],
  ['run -x -- node', /Unknown option \(-x\)/],
] as const) {
  test(`gpup ${line} is refused`, () => {
    throws(() => parseCommandLine(line === '' ? [] : line.split(' ')), { name: 'UsageError', message });
  });
}
