import { createGpu, globals } from '@gpup/umd';
import { connect, connectSync } from './connect.ts';

/**
 * The face of npm `webgpu`: `create(flags)` gives a GPU object, `globals` holds the classes to install. Its
 * flags choose a backend and an adapter, which here is up to the host, so they are accepted and not used.
 */
export function create(_flags: readonly string[] = []): ReturnType<typeof createGpu> {
  return createGpu({ connect, connectSync });
}

export { globals };
