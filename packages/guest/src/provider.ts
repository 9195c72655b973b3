import { VirtualCanvas, createGpu, globals } from '@gpup/umd';
import { connect, connectSync } from './connect.ts';
import { nodePlatform } from './node-platform.ts';

type Gpu = ReturnType<typeof createGpu>['gpu'];

/**
 * The face of npm `webgpu`: `create(flags)` gives a GPU object, `globals` holds the classes to install. The
 * flags choose a backend and an adapter, which here is up to the host: they are accepted and not used.
 */
export function create(_flags: readonly string[] = []): Gpu {
  return createGpu({ connect, connectNow: connectSync, platform: nodePlatform }).gpu;
}

export { VirtualCanvas, globals };
