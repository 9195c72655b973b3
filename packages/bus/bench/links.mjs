/**
 * `node packages/bus/bench/links.mjs [words]`: what the links cost between two processes, after `npm run build`.
 * Prints one JSON line per measurement; times in microseconds. Each side needs a core to show its best.
 */
import { spawn } from 'node:child_process';
import { setTimeout as pass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { closeDescriptor, createSocketPair, monotonicUs } from '@gpup/os';
import { acceptLink, offerLink } from '../dist/node/index.js';

const ECHO = 1;
const SINK = 2;
const STAMP = 3;
const CPU = 4;

if (process.argv[2] === 'host') serve(offerLink(3, process.argv[3]));
else for (const transport of ['aperture', 'stream']) await measure(transport);

function serve(link) {
  const stamp = new DataView(new ArrayBuffer(8));
  link.onPacket = (words, begin, end) => {
    if (words[begin] === ECHO) link.send(words, begin, end);
    if (words[begin] === STAMP) {
      stamp.setFloat64(0, monotonicUs(), true);
      link.send(Uint32Array.of(STAMP, 4, stamp.getUint32(0, true), stamp.getUint32(4, true)), 0, 4);
    }
    if (words[begin] === CPU) {
      const { user, system } = process.cpuUsage();
      link.send(Uint32Array.of(CPU, 3, user + system), 0, 3);
    }
  };
}

async function measure(transport) {
  const [hostFd, guestFd] = createSocketPair();
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'host', transport], { stdio: ['ignore', 'inherit', 'inherit', hostFd] });
  closeDescriptor(hostFd);
  const guest = acceptLink(guestFd);
  let answered = () => {};
  guest.onPacket = (words, begin, end) => answered(words.slice(begin, end));
  const ask = (...words) =>
    new Promise((resolve) => {
      answered = resolve;
      guest.send(Uint32Array.from(words), 0, words.length);
    });
  guest.setWaiting(true);
  await ask(ECHO, 2);
  await pass(200);

  report(transport, 'ping-pong', await times(20_000, () => ask(ECHO, 3, 7)));
  report(transport, 'ping-pong after 1 ms of sleep', await times(1000, () => ask(ECHO, 3, 7), 1));
  report(transport, 'one-way wake-up after 1 ms of sleep', await oneWay());
  report(transport, 'send of 64 words, peer awake', await sends());

  for (const packetWords of [16, 256, 4096, 65_536]) await throughput(packetWords);

  const hostBefore = (await ask(CPU, 2))[2];
  await pass(20);
  const ownBefore = process.cpuUsage();
  await pass(3000);
  const own = process.cpuUsage(ownBefore);
  const host = (await ask(CPU, 2))[2] - hostBefore;
  console.log(JSON.stringify({ transport, what: 'CPU of 3 s idle, us', guest: own.user + own.system, host }));

  guest.close();
  child.kill();

  async function times(count, run, restMs = 0) {
    const taken = [];
    for (let index = 0; index < count; index += 1) {
      if (restMs > 0) await pass(restMs);
      const startUs = monotonicUs();
      await run();
      taken.push(monotonicUs() - startUs);
    }
    return taken;
  }

  async function oneWay() {
    const taken = [];
    const stamp = new DataView(new ArrayBuffer(8));
    for (let index = 0; index < 1000; index += 1) {
      await pass(1);
      const startUs = monotonicUs();
      const [, , low, high] = await ask(STAMP, 2);
      stamp.setUint32(0, low, true);
      stamp.setUint32(4, high, true);
      taken.push(stamp.getFloat64(0, true) - startUs);
    }
    return taken;
  }

  async function sends() {
    const taken = [];
    const words = new Uint32Array(64);
    words.set([SINK, 64]);
    for (let index = 0; index < 2000; index += 1) {
      const startUs = monotonicUs();
      guest.send(words, 0, 64);
      taken.push(monotonicUs() - startUs);
      if (index % 50 === 0) await ask(ECHO, 2);
    }
    return taken;
  }

  async function throughput(packetWords) {
    const totalWords = 32 << 20;
    const words = new Uint32Array(packetWords);
    words.set([SINK, packetWords]);
    const startUs = monotonicUs();
    for (let sent = 0; sent < totalWords; sent += packetWords) guest.send(words, 0, packetWords);
    await ask(ECHO, 2);
    const seconds = (monotonicUs() - startUs) / 1e6;
    const gigabytes = (totalWords * 4) / 1e9;
    console.log(
      JSON.stringify({ transport, what: `throughput, packets of ${packetWords} words`, 'GB/s': round(gigabytes / seconds), 'packets/s': Math.round(totalWords / packetWords / seconds) }),
    );
  }
}

function report(transport, what, taken) {
  taken.sort((first, second) => first - second);
  const at = (share) => round(taken[Math.floor((taken.length - 1) * share)]);
  console.log(JSON.stringify({ transport, what, p50: at(0.5), p90: at(0.9), p99: at(0.99), min: at(0) }));
}

function round(value) {
  return Math.round(value * 100) / 100;
}
