export {
  type Aperture,
  type ApertureLayout,
  type ApertureSizes,
  HEADER,
  headerDefect,
  initializeHeader,
  layoutAperture,
  viewAperture,
} from './aperture-layout.ts';
export type { ByteDuplex } from './byte-duplex.ts';
export type { Doorbell, Scheduler } from './doorbell.ts';
export { GuestApertureLink, type GuestApertureLinkOptions } from './guest-aperture-link.ts';
export { GuestStreamLink, type GuestStreamLinkOptions } from './guest-stream-link.ts';
export { HeapArena } from './heap-arena.ts';
export { HostApertureLink, type HostApertureLinkOptions } from './host-aperture-link.ts';
export { HostStreamLink, type HostStreamLinkOptions } from './host-stream-link.ts';
export { ImmediateLink } from './immediate-link.ts';
export { BUS_LIMITS } from './limits.ts';
export type { CloseReason, GuestHeap, GuestLink, HostLink, PacketSink } from './link.ts';
export { PACKET_HEADER_WORDS, PacketAssembler } from './packet-assembler.ts';
