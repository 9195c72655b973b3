import type { HostLink, Scheduler } from '@gpup/bus';
import { offerLink } from '@gpup/bus/node';
import { SystemCallError } from '@gpup/os';
import type { Assigned } from './assignment.ts';
import { capturedLink } from './captured-link.ts';

/** Makes what this VF shares with its guest and sends it over: the guest can begin. Null: it has gone already. */
export function openHostLink(assigned: Assigned, scheduler: Scheduler): HostLink | null {
  const { dataFd, assignment: { transport, heapBytes } } = assigned;
  try {
    return capturedLink(offerLink(dataFd, transport, { scheduler, ...(heapBytes === null ? {} : { heapBytes }) }), assigned);
  } catch (error) {
    if (error instanceof SystemCallError && (error.code === 'EPIPE' || error.code === 'ECONNRESET')) return null;
    throw error;
  }
}
