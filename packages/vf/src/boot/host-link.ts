import type { HostLink, Scheduler } from '@gpup/bus';
import { offerLink } from '@gpup/bus/node';
import { SystemCallError } from '@gpup/os';
import type { VfAssignment } from './assignment.ts';

/** Makes what this VF shares with its guest and sends it over: the guest can begin. Null: it has gone already. */
export function openHostLink(dataFd: number, { transport, heapBytes }: VfAssignment, scheduler: Scheduler): HostLink | null {
  try {
    return offerLink(dataFd, transport, { scheduler, ...(heapBytes === null ? {} : { heapBytes }) });
  } catch (error) {
    if (error instanceof SystemCallError && (error.code === 'EPIPE' || error.code === 'ECONNRESET')) return null;
    throw error;
  }
}
