/**
 * Loaded by `node --import hook.js?socket=PATH` into every process of a profiled run. It connects to the
 * profiling tool and takes its commands: VF processes end by SIGKILL, so Node's own --cpu-prof, which
 * writes at the exit, would leave nothing of them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { isMainThread } from 'node:worker_threads';
import type { HookCommand, HookReply, Role } from './protocol.ts';

const SAMPLING_INTERVAL_US = 200;

const socketPath = new URL(import.meta.url).searchParams.get('socket');
if (isMainThread && socketPath !== null) obey(socketPath);

function obey(path: string): void {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
  const socket = connect(path);
  socket.on('error', () => {});
  const reply = (line: HookReply): void => void socket.write(`${JSON.stringify(line)}\n`);
  reply({ type: 'hello', role: roleOf(process.argv[1] ?? ''), pid: process.pid });
  let before = cpuTimes();
  createInterface(socket).on('line', (text) => {
    const command = JSON.parse(text) as HookCommand;
    if (command.type === 'begin') {
      // Not from here, where the loop polls: V8 would hold this thread to be idle until the profile's end.
      setImmediate(() => session.post('Profiler.start', () => reply({ type: 'begun' })));
      before = cpuTimes();
      return;
    }
    const after = cpuTimes();
    session.post('Profiler.stop', (error, result) => {
      if (error !== null) throw error;
      writeFileSync(command.file, JSON.stringify(result.profile));
      reply({ type: 'ended', processMs: after.processMs - before.processMs, mainThreadMs: after.mainThreadMs - before.mainThreadMs });
    });
  });
  // The tool's interest keeps no process alive.
  socket.unref();
}

function roleOf(program: string): Role {
  if (/[/\\]vf[/\\]dist[/\\]main\.js$/.test(program)) return 'vf';
  return /[/\\]pf[/\\]dist[/\\]main\.js$/.test(program) ? 'host' : 'guest';
}

/** All threads of this process, and the one that runs JavaScript. */
function cpuTimes(): { readonly processMs: number; readonly mainThreadMs: number } {
  const { user, system } = process.cpuUsage();
  const mainThreadNs = Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]);
  return { processMs: (user + system) / 1000, mainThreadMs: mainThreadNs / 1e6 };
}
