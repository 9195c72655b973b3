import type { HostLink } from '@gpup/bus';
import { offerLink } from '@gpup/bus/node';
import { VF_DATA_FD, type VfConfig } from './config.ts';

/** Makes what this VF shares with its guest and sends it over: the guest can begin. */
export function openHostLink({ transport, heapBytes }: VfConfig): HostLink {
  return offerLink(VF_DATA_FD, transport, heapBytes === null ? {} : { heapBytes });
}
