/** The adapter that all providers share: a real GPU if there is one, else the bundled software GPU, as a host process chooses. */
import { type FoundAdapters, hardwareAdapters, softwareAdapters } from '@gpup/pf';

export async function findAdapter(): Promise<FoundAdapters> {
  const hardware = await hardwareAdapters();
  if (hardware.adapters.length > 0) return hardware;
  const software = await softwareAdapters();
  if (software.adapters.length === 0) throw new Error(`No adapter: ${[...hardware.reasons, ...software.reasons].join(' ')}`);
  return software;
}
