/**
 * npm `webgpu` without its idle spin: a comparison with Dawn as it comes alone would flatter gpup. The
 * requests of a program hurry the next tick, as those of a VF do.
 */
import { paceDawn } from './dawn-tick.ts';

export function tuneDawn(globals: Record<string, unknown>): void {
  const tick = paceDawn();
  const hurrying = (face: string, method: string): void => {
    const { prototype } = globals[face] as { prototype: Record<string, (...args: unknown[]) => unknown> };
    const original = prototype[method] as (...args: unknown[]) => unknown;
    prototype[method] = function (this: unknown, ...args: unknown[]) {
      const result = original.apply(this, args);
      tick.hurry();
      return result;
    };
  };
  hurrying('GPUBuffer', 'mapAsync');
  hurrying('GPUQueue', 'onSubmittedWorkDone');
  hurrying('GPUDevice', 'popErrorScope');
}
