import { fileURLToPath } from 'node:url';

/** Stands in for npm `webgpu`. */
export const PROVIDER_PATH: string = fileURLToPath(new URL('./provider.cjs', import.meta.url));
/** For `node --import`. */
export const PRELOAD_PATH: string = fileURLToPath(new URL('./preload.mjs', import.meta.url));

export { SOCKET_VARIABLE, TRANSPORT_VARIABLE, connect, connectSync } from './connect.ts';
export { PROTOCOL } from './control-protocol.ts';
export { EphemeralHost, type HostLaunch, startHost, startHostSync } from './ephemeral-host.ts';
export { HostError } from './host-error.ts';
export { GUEST_STEPS } from './steps.ts';
