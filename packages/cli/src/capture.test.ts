import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Ended, gpup } from './testing/program.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpup-test-'));
});
after(() => rmSync(folder, { recursive: true }));

const PROGRAM = `
  const device = await (await navigator.gpu.requestAdapter()).requestDevice();
  const source = device.createBuffer({ label: 'source', size: 4096, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(source, 0, new Uint8Array(4096).fill(7));
  const target = device.createBuffer({ label: 'target', size: 4096, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, target, 0, 4096);
  device.queue.submit([encoder.finish()]);
  await target.mapAsync(GPUMapMode.READ);
  console.log(new Uint8Array(target.getMappedRange())[4095]);
`;

function captured(path: string, script = PROGRAM, ...options: string[]): Promise<Ended> {
  return gpup(['capture', '--adapter', 'software', '-o', path, ...options, '--', process.execPath, '--input-type=module', '-e', script]).ended;
}

function replayed(...args: string[]): Promise<Ended> {
  return gpup(['replay', '--adapter', 'software', ...args]).ended;
}

interface Summary {
  readonly isSame: boolean;
  readonly report: { readonly captureEnd: string; readonly packetCount: number; readonly buffers: { readonly label: string; readonly sha256: string }[] | null };
}

for (const transport of ['aperture', 'stream']) {
  test(`${transport}: what a program did is captured, and comes out the same when it is replayed`, async () => {
    const path = join(folder, `${transport}.gpupcap`);
    const { status, stdout, stderr } = await captured(path, PROGRAM, '--transport', transport);
    deepEqual([status, stdout], [0, '7\n']);
    match(stderr, /^gpup: captured \S+\.gpupcap \(.+\)\.\n$/);
    equal(statSync(path).mode & 0o777, 0o600);
    const replay = await replayed(path, '--json', '--buffers');
    equal(replay.status, 0, replay.stderr);
    const { isSame, report } = JSON.parse(replay.stdout) as Summary;
    equal(isSame, true);
    const hashes = Object.fromEntries((report.buffers ?? []).map(({ label, sha256 }) => [label, sha256]));
    equal(hashes['source']?.length, 64);
  });
}

test('each process that opens the GPU has a file of its own', async () => {
  const script = `${PROGRAM}
    const { execFileSync } = await import('node:child_process');
    execFileSync(process.execPath, ['--input-type=module', '-e', 'await (await navigator.gpu.requestAdapter()).requestDevice()']);`;
  const { stderr } = await captured(join(folder, 'several.gpupcap'), script);
  match(stderr, /captured \S+several\.gpupcap .*\n.*captured \S+several\.2\.gpupcap /);
  equal((await replayed(join(folder, 'several.2.gpupcap'))).status, 0);
});

test('a file that is damaged is refused with the place; the exit status is 1', async () => {
  const path = join(folder, 'damaged.gpupcap');
  const bytes = readFileSync(join(folder, 'aperture.gpupcap'));
  writeFileSync(path, bytes.subarray(0, bytes.length - 10));
  const { status, stdout, stderr } = await replayed(path);
  deepEqual([status, stdout], [1, '']);
  equal(stderr, `gpup: The capture is cut off inside of a record (offset ${bytes.length - 10}).\n`);
});

test('a file that is not there is named', async () => {
  const { status, stderr } = await replayed(join(folder, 'none.gpupcap'));
  equal(status, 1);
  match(stderr, /ENOENT.*none\.gpupcap/);
});

test('nothing is written over', async () => {
  const entries = readdirSync(folder);
  const { status, stderr } = await captured(join(folder, 'aperture.gpupcap'));
  equal(status, 2);
  match(stderr, /--output \(\S+aperture\.gpupcap\) exists/);
  deepEqual(readdirSync(folder), entries);
});

test('a program that opens no GPU leaves no file, and is told', async () => {
  const { status, stderr } = await captured(join(folder, 'nothing.gpupcap'), 'process.exit(5)');
  deepEqual([status, stderr], [5, 'gpup: the program opened no GPU: nothing was captured.\n']);
});

for (const [args, message] of [
  [['replay'], /No FILE is given; see gpup replay --help/],
  [['replay', 'a', 'b'], /takes no further argument \(b\) after FILE/],
  [['replay', 'a', '--patience', '0'], /--patience \(0\) is not a number of seconds up to 86400/],
  [['replay', 'a', '--adapter', 'quantum'], /--adapter \(quantum\) is none of/],
  [['capture'], /No program is given to run; example: gpup capture -- node app\.js/],
  [['capture', '-o', '/nonexistent/x.gpupcap', '--', 'true'], /--output \(\/nonexistent\/x\.gpupcap\) is in a directory that does not exist/],
  [['capture', '--jsn'], /Unknown option \(--jsn\) of gpup capture/],
] as const) {
  test(`gpup ${args.join(' ')} is refused`, async () => {
    const { status, stderr } = await gpup(args).ended;
    equal(status, 2);
    match(stderr, message);
  });
}

test('both have a help', async () => {
  match((await gpup(['capture', '--help']).ended).stdout, /^Usage: gpup capture /);
  match((await gpup(['replay', '--help']).ended).stdout, /^Usage: gpup replay FILE/);
});
