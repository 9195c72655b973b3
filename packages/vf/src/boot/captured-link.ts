import type { HostLink } from '@gpup/bus';
import { IDL_HASH } from '@gpup/wire/numbers';
import { captureSink } from '../capture/capture-file.ts';
import { CaptureLink } from '../capture/capture-link.ts';
import { CaptureWriter } from '../capture/capture-writer.ts';
import type { Assigned } from './assignment.ts';
import { WIRE_PROTOCOL } from './versions.ts';

type Captured = Pick<Assigned, 'captureFd' | 'assignment'>;

/**
 * From here on everything that passes through the link is kept, where the host wants that. A file that cannot be
 * written any more ends the capture.
 */
export function capturedLink(link: HostLink, { captureFd, assignment: { vramBytes, escapes } }: Captured): HostLink {
  if (captureFd === null) return link;
  const header = {
    protocol: WIRE_PROTOCOL,
    idlHash: IDL_HASH,
    heapBytes: link.heap?.byteLength ?? null,
    vramBytes,
    escapes,
    startedAt: new Date().toISOString(),
  };
  const writer = new CaptureWriter({ sink: captureSink(captureFd), header, failed: (error) => console.error(`The capture ends early: ${error.message}.`) });
  return new CaptureLink(link, writer);
}
