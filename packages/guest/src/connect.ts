import type { GuestLink } from '@gpup/bus';
import { acceptLink } from '@gpup/bus/node';
import { SystemCallError, closeDescriptor, connectUnixSocket, sendNow } from '@gpup/os';
import { type GuestLine, type HostLine, PROTOCOL, type Transport, decodeHostLine, encodeGuestLine } from './control-protocol.ts';
import { type EphemeralHost, startHost, startHostSync } from './ephemeral-host.ts';
import { HostError } from './host-error.ts';
import { GUEST_LIMITS } from './limits.ts';
import { type Dialogue, LineChannel, run, runSync } from './line-channel.ts';
import { ReasonedLink } from './reasoned-link.ts';
import { guestStep } from './steps.ts';

/** Where this process, its workers and the processes that it starts find their host. */
export const SOCKET_VARIABLE = 'GPUP_SOCKET';
export const TRANSPORT_VARIABLE = 'GPUP_TRANSPORT';

/** Opens a context at this program's host: the one it was given, or else one that lives as long as this program. */
export async function connect(): Promise<GuestLink> {
  const transport = chosenTransport();
  const socketPath = process.env[SOCKET_VARIABLE] || (await ownHost()).socketPath;
  return run(opening(socketPath, transport));
}

/** The same, blocking the thread: for getters whose answer cannot be awaited. */
export function connectSync(): GuestLink {
  const transport = chosenTransport();
  const socketPath = process.env[SOCKET_VARIABLE] || ownHostSync().socketPath;
  return runSync(opening(socketPath, transport));
}

function chosenTransport(): Transport {
  const value = process.env[TRANSPORT_VARIABLE] || 'aperture';
  if (value === 'aperture' || value === 'stream') return value;
  throw new HostError('bad-transport', `${TRANSPORT_VARIABLE} (${value}) is none of aperture, stream.`);
}

let hostStarting: Promise<EphemeralHost> | undefined;

function ownHost(): Promise<EphemeralHost> {
  hostStarting ??= startHost({ guestExpected: true })
    .then(adopt)
    .finally(() => {
      hostStarting = undefined;
    });
  return hostStarting;
}

function ownHostSync(): EphemeralHost {
  return adopt(startHostSync({ guestExpected: true }));
}

/** A host that has ended is not looked for again: the next context starts a new one. */
function adopt(host: EphemeralHost): EphemeralHost {
  process.env[SOCKET_VARIABLE] = host.socketPath;
  void host.ended.then(() => {
    if (process.env[SOCKET_VARIABLE] === host.socketPath) delete process.env[SOCKET_VARIABLE];
  });
  return host;
}

function* opening(socketPath: string, transport: Transport): Dialogue<GuestLink> {
  const control = new LineChannel(connectTo(socketPath), 'The host process');
  try {
    return yield* openContext(control, socketPath, transport);
  } catch (error) {
    control.close();
    throw error;
  }
}

function* openContext(control: LineChannel, socketPath: string, transport: Transport): Dialogue<GuestLink> {
  guestStep('guest.connected');
  tell(control.fd, { type: 'open', protocol: PROTOCOL, transport, pid: process.pid });
  const opened = hostLine(yield { channel: control, timeoutMs: GUEST_LIMITS.answerMsMax }, 'opened');
  guestStep('guest.opened');
  const dataFd = connectTo(socketPath);
  try {
    tell(dataFd, { type: 'attach', token: opened.token });
    guestStep('guest.attached');
    hostLine(yield { channel: control, timeoutMs: GUEST_LIMITS.readyMsMax }, 'ready');
    guestStep('guest.ready');
    // The VF has sent its part before it said that it is ready, so this does not wait.
    const link = new ReasonedLink(acceptLink(dataFd), control, decodeHostLine);
    guestStep('guest.linked');
    return link;
  } catch (error) {
    closeDescriptor(dataFd);
    throw error;
  }
}

function connectTo(socketPath: string): number {
  try {
    return connectUnixSocket(socketPath);
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    throw new HostError('host-gone', `No host process listens at ${SOCKET_VARIABLE} (${socketPath}): ${error.code}.`);
  }
}

/** Far less than a socket's buffer, so it is taken whole unless the host is gone: then the answer says so. */
function tell(fd: number, line: GuestLine): void {
  sendNow(fd, encodeGuestLine(line));
}

function hostLine<T extends HostLine['type']>(text: string | null, expected: T): Extract<HostLine, { type: T }> {
  if (text === null) throw new HostError('host-gone', 'The host process closed the connection.');
  const line = decodeHostLine(text);
  if (line?.type === expected) return line as Extract<HostLine, { type: T }>;
  if (line?.type === 'error' || line?.type === 'lost') throw new HostError(line.code, line.message);
  throw new HostError('bad-line', `The host process answers "${expected}" with something else (${text.slice(0, 100)}).`);
}
