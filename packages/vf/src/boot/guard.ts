import { Socket } from 'node:net';
import { dieWithParent } from '@gpup/os';
import { VF_CONTROL_FD } from './config.ts';

/**
 * Makes sure that this process does not outlive its host process, not even while Dawn hangs: the kernel
 * kills it with its parent. `hostPid` tells whether the parent was gone before the kernel knew of this.
 */
export function dieWithHost(hostPid: number): void {
  if (!dieWithParent('SIGKILL', hostPid)) die();
}

/** The host process closes the control socket when it gives up this VF, and writes nothing to it after the assignment. */
export function watchHost(onGone: () => void): void {
  const control = new Socket({ fd: VF_CONTROL_FD, readable: true, writable: false });
  control.on('error', () => {});
  control.on('close', onGone);
  control.resume();
}

/** Ends this process at once. An ordinary exit runs Dawn's and the driver's destructors, which may crash or hang. */
export function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
