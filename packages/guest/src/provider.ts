import { EscapeError, type HostDescription, type ReplayPolicy, VirtualCanvas, callEscape, createGpu, globals, hostOf } from '@gpup/umd';
import { connect, connectSync } from './connect.ts';
import { HostError } from './host-error.ts';
import { nodePlatform } from './node-platform.ts';
import { warmUpSoon } from './warm-up-slices.ts';

/** Which render passes this process, its workers and the processes that it starts send once and then name. */
const REPLAY_VARIABLE = 'GPUP_REPLAY';

type Gpu = ReturnType<typeof createGpu>['gpu'];

/**
 * The face of npm `webgpu`: `create(flags)` gives a GPU object, `globals` holds the classes to install. The
 * flags choose a backend and an adapter, which here is up to the host: they are accepted and not used.
 */
export function create(_flags: readonly string[] = []): Gpu {
  return createGpu({ connect, connectNow: connectSync, platform: nodePlatform, replayPolicy: chosenPolicy(), firstSubmitted: warmUpSoon }).gpu;
}

/** 'first-sight' replays every render pass, and waits for what is otherwise prepared meanwhile: for tests. */
function chosenPolicy(): ReplayPolicy {
  const value = process.env[REPLAY_VARIABLE] || 'adaptive';
  if (value === 'adaptive' || value === 'first-sight' || value === 'off') return value;
  throw new HostError('bad-replay', `${REPLAY_VARIABLE} (${value}) is none of adaptive, first-sight, off.`);
}

export { EscapeError, type HostDescription, VirtualCanvas, callEscape, globals, hostOf };
