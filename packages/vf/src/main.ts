/**
 * The VF process: one guest context's GPU. A host process starts it with a control socket, perhaps before
 * there is a guest; it opens Dawn and waits for its assignment, the guest's data connection. From then on it
 * shares memory with the guest and executes commands until either side is gone; one that was told to survive
 * waits for a next host process when its own ends. It serves one guest ever, and never ends in the ordinary way (see `die`).
 */
import { Nap, type NapPlace, monotonicAheadMs } from '@gpup/os';
import { limitFileBytes, limitOpenFiles } from '@gpup/sandbox';
import { openContextSlot } from '@gpup/vidmm/node';
import type { Backend } from './backend.ts';
import { type Assigned, isAssigned, receiveAssignment } from './boot/assignment.ts';
import { attendHost } from './boot/attend-host.ts';
import { type AdapterKind, VF_CONFIG_VARIABLE, type VfConfig, decodeVfConfig } from './boot/config.ts';
import { FILE_BYTES_MAX, OPEN_FILES_MAX, confineVf, isConfined } from './boot/confinement.ts';
import { loadDawn, openGpu } from './boot/dawn.ts';
import { endOnBugs, endVf } from './boot/end.ts';
import { die, dieWithHost } from './boot/guard.ts';
import { openHostLink } from './boot/host-link.ts';
import { probe } from './boot/probe.ts';
import { runProcessor } from './boot/processor.ts';
import { type ReplayTask, replayFile } from './boot/replay.ts';
import { LOADING_ACT_COUNT, rehearse } from './boot/rehearsal.ts';
import { report } from './boot/report.ts';
import { vfStep } from './boot/steps.ts';
import { prepareSurvival } from './boot/survival.ts';
import { VfLoop, nodeLoopClock } from './boot/vf-loop.ts';
import { CAPTURE_LIMITS } from './capture/format.ts';
import type { CommandProcessor } from './command-processor.ts';
import { dawnBackend } from './dawn-backend.ts';
import { knownEscapes } from './escapes/escape-registry.ts';
import type { TurnHost } from './turn-gate.ts';

const [mode, callerPid, task] = process.argv.slice(2);

const GUEST_NAP: NapPlace = 0;
const HOST_NAP: NapPlace = 1;
const nap = new Nap();
const loop = new VfLoop(nodeLoopClock(nap));

const turns: TurnHost = {
  say: report,
  wakeAt: (atMs, then) => loop.wakeAt(atMs, then),
  awaitEnd: (isAwaited) => loop.awaitEnd(isAwaited),
  clockOffsetMs: monotonicAheadMs(),
  after: (ms, then) => void setTimeout(then, ms),
};

// Not awaited at the top level, which scripts may not do: loading a module of the other kind takes longer.
void (mode === '--probe' ? probeOnly() : mode === '--replay' ? replayOnly() : start());

async function probeOnly(): Promise<void> {
  if (callerPid !== undefined) dieWithHost(Number(callerPid));
  await probe(task as AdapterKind);
  die();
}

async function replayOnly(): Promise<void> {
  dieWithHost(Number(callerPid));
  await replayFile(JSON.parse(task as string) as ReplayTask, loop);
  die();
}

async function start(): Promise<void> {
  endOnBugs();
  vfStep('vf.started');
  const config = decodeVfConfig(process.env[VF_CONFIG_VARIABLE]);
  const means = config.survivalPath === null ? null : prepareSurvival(config.survivalPath);
  const backends = await openBackends(config);
  // A guest that waits already asks for what it needs. But what is not loaded when this process is confined never will be.
  await rehearse(backends.coarse, isAssigned, isConfined(config.isolation) ? LOADING_ACT_COUNT : 0);
  if (!isAssigned()) await collected(backends.coarse);
  confineVf(config);
  if (!isAssigned()) {
    report({ type: 'warm' });
    vfStep('vf.warm');
  }
  const assigned = receiveAssignment();
  if (assigned === null) return die();
  vfStep('vf.assigned');
  let processor: CommandProcessor | null = null;
  // Nothing is asked before this turn of the event loop is over.
  const serving = (): CommandProcessor => processor as CommandProcessor;
  attendHost(assigned, {
    allocations: (countMax) => serving().largestAllocations(countMax),
    openEscapes: (names) => serving().openEscapes(knownEscapes(names)),
    grantTurn: (turn) => serving().grantTurn(turn),
    freeTurn: () => serving().freeTurn(),
    hostChanged: (fd) => {
      nap.endWith(HOST_NAP, fd);
      processor?.hostChanged(fd !== null);
    },
    end: endVf,
  }, means);
  const { timestamps = 'coarse' } = assigned.assignment.view ?? {};
  processor = serve(timestamps === 'fine' ? backends.fine : backends.coarse, assigned);
  if (!isConfined(config.isolation)) return;
  limitFileBytes(assigned.captureFd === null ? FILE_BYTES_MAX : CAPTURE_LIMITS.fileBytesMax);
  limitOpenFiles(OPEN_FILES_MAX);
}

/** Dawn, by how its devices tell the time: which one a guest gets is said with the assignment. */
interface Backends {
  readonly coarse: Backend;
  readonly fine: Backend;
}

async function openBackends(config: VfConfig): Promise<Backends> {
  dieWithHost(config.hostPid);
  vfStep('vf.guarded');
  loop.takeTicks();
  const dawn = await loadDawn();
  const open = (timestamps: 'coarse' | 'fine'): Backend => {
    const gpu = openGpu(dawn, config.dawnFlags, timestamps);
    return dawnBackend({ gpu, hurry: () => loop.hurry(), expect: (quietMs) => loop.expect(quietMs), compact: dawn.compact });
  };
  const backends = { coarse: open('coarse'), fine: open('fine') };
  await findDriver(backends.fine);
  vfStep('vf.dawn-open');
  return backends;
}

/** Has a driver's files read that no rehearsal reads: a process that has its guest need not be allowed to open any. */
async function findDriver({ gpu }: Backend): Promise<void> {
  try {
    await gpu.requestAdapter();
  } catch {
    // Its guest will ask again, and be told.
  }
}

function serve(backend: Backend, assigned: Assigned): CommandProcessor {
  const { assignment, dataFd, pageFd } = assigned;
  const link = openHostLink(assigned, loop);
  if (link === null) return endVf('guest-gone', 'The guest closed its data connection before anything was sent over it.');
  vfStep('vf.link-offered');
  // On a byte stream unread commands may lie in the socket for long, and then no nap would ever come.
  if (assignment.transport === 'aperture') nap.endWith(GUEST_NAP, dataFd);
  const { vramBytes, escapes, view, page } = assignment;
  const slot = page === undefined || pageFd === null ? {} : { slot: openContextSlot(pageFd, page.slotIndex) };
  const processor = runProcessor({ link, backend, vramBytes, escapes, view, ...slot, turns, end: endVf });
  report({ type: 'ready' });
  vfStep('vf.ready');
  return processor;
}

/** Before a long wait: what the rehearsal has left goes. */
function collected({ collectGarbage }: Backend): Promise<void> {
  return new Promise((resolve) => (collectGarbage === null ? resolve() : collectGarbage(resolve)));
}
