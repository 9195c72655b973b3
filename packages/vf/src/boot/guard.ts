import { dieWithParent } from '@gpup/os';

/**
 * Makes sure that this process does not outlive its host process, not even while Dawn hangs: the kernel
 * kills it with its parent. `hostPid` tells whether the parent was gone before the kernel knew of this.
 */
export function dieWithHost(hostPid: number): void {
  if (!dieWithParent('SIGKILL', hostPid)) die();
}

/** Ends this process at once. An ordinary exit runs Dawn's and the driver's destructors, which may crash or hang. */
export function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
