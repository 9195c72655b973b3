export { type AcceptOptions, acceptLink } from './accept-link.ts';
export { type OfferOptions, offerApertureLink, offerLink, offerStreamLink, type Transport } from './offer-link.ts';
export { nodeScheduler } from './scheduler.ts';
export { SocketDoorbell } from './socket-doorbell.ts';
export { SocketDuplex } from './socket-duplex.ts';
export { UnixSocketDuplex } from './unix-socket-duplex.ts';
