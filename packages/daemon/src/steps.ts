import { step } from '@gpup/os/step';

/** The named points at which a test can freeze the daemon: of its start in the order in which it passes them, then of its work. */
export const DAEMON_START_STEPS = [
  'daemon.started',
  'daemon.configured',
  'daemon.locked',
  'daemon.logging',
  'daemon.adapters-probed',
  'daemon.definitions-read',
  'daemon.adopting',
  'daemon.vf-found',
  'daemon.vf-adopted',
  'daemon.adopted',
  'daemon.partitions-listening',
  'daemon.api-listening',
  'daemon.ready',
] as const;

/** Of what is done to a partition, and of the end. */
export const DAEMON_WORK_STEPS = [
  'daemon.partition-saved',
  'daemon.partition-made',
  'daemon.partition-ending',
  'daemon.partition-removed',
  'daemon.stopping',
  'daemon.stopped',
] as const;

export type DaemonStep = (typeof DAEMON_START_STEPS)[number] | (typeof DAEMON_WORK_STEPS)[number];

export function daemonStep(name: DaemonStep): void {
  step(name);
}
