import { confine } from '@gpup/sandbox';
import { type IsolationMode, type MeasureState, missingText } from '@gpup/sandbox/measures';
import type { VfConfig } from './config.ts';
import { endVf } from './end.ts';
import { report } from './report.ts';

/** Of one process, whoever has taken it over. */
const VF_RESOURCES = {
  /** Until it has sent its aperture to its guest: so much more than `OPEN_FILES_MAX` that no VF with a guest can keep it from that. */
  openFilesMax: 4 * 4096,
  /** The largest aperture, a heap of 2 GiB with its rings, is a file as well. */
  fileBytesMax: 4 * 2 ** 30,
} as const;

/** Once it has a guest. Hardware drivers keep one for each of their objects that another device may see. */
export const OPEN_FILES_MAX = 4096;

/** Once the aperture is there: its log, which the host cuts off, and what a software GPU compiles. More is refused (EFBIG). */
export const FILE_BYTES_MAX = 64 * 2 ** 20;

/**
 * From here on this process can do little but talk to those that it is connected to, and to the GPU. Done before it has
 * anything of a guest's. What the machine lacks ends it where isolation is required, and is told otherwise.
 */
export function confineVf({ adapter, isolation, survivalPath }: Pick<VfConfig, 'adapter' | 'isolation' | 'survivalPath'>): void {
  if (isolation === 'off') return;
  const lacking = missingText(confineProcess(adapter, survivalPath !== null));
  if (lacking === '') return;
  if (isolation === 'require') endVf('not-isolated', `The VF process cannot be isolated as its host requires; missing: ${lacking}.`);
  report({ type: 'unconfined', lacking });
}

export function confineProcess(adapter: VfConfig['adapter'], survives = false): readonly MeasureState[] {
  return confine({ adapter, survives, limits: VF_RESOURCES });
}

export function isConfined(mode: IsolationMode): boolean {
  return mode !== 'off';
}
