/** Lives of daemons and guests that misbehave, for what spans packages. */
export { Culprit, DaemonLife, type DaemonLifeOptions, guestProgram } from './daemon-scene.ts';
export { isRunning, isStopped } from './processes.ts';
export { type Ended, Program, gpup } from './program.ts';
