import type { HostLink, Scheduler } from '@gpup/bus';
import { offerLink } from '@gpup/bus/node';
import { SystemCallError } from '@gpup/os';
import type { VfAssignment } from './assignment.ts';
import { capturedLink } from './captured-link.ts';

/** Makes what this VF shares with its guest and sends it over: the guest can begin. Null: it has gone already. */
export function openHostLink(dataFd: number, assignment: VfAssignment, scheduler: Scheduler): HostLink | null {
  const { transport, heapBytes } = assignment;
  try {
    return capturedLink(offerLink(dataFd, transport, { scheduler, ...(heapBytes === null ? {} : { heapBytes }) }), assignment);
  } catch (error) {
    if (error instanceof SystemCallError && (error.code === 'EPIPE' || error.code === 'ECONNRESET')) return null;
    throw error;
  }
}
