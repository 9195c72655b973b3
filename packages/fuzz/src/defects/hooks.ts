/** Module hooks of a process with a planted defect: its source is changed as it is loaded. */
import { DEFECTS } from './list.ts';

interface LoadResult {
  readonly format: string;
  readonly source?: string | Uint8Array;
}

type NextLoad = (url: string, context: unknown) => Promise<LoadResult>;

let planted = '';

export function initialize(name: string): void {
  planted = name;
}

export async function load(url: string, context: unknown, nextLoad: NextLoad): Promise<LoadResult> {
  const loaded = await nextLoad(url, context);
  const defect = DEFECTS.find(({ name }) => name === planted);
  if (defect === undefined || !url.endsWith(`/${defect.module}`)) return loaded;
  const source = loaded.source === undefined || typeof loaded.source === 'string' ? (loaded.source ?? '') : new TextDecoder().decode(loaded.source);
  const parts = source.split(defect.from);
  // The code has changed since the defect was thought of.
  if (parts.length !== 2) throw new Error(`The defect ${planted} does not fit: its text occurs ${parts.length - 1} times in ${defect.module}.`);
  return { ...loaded, source: parts.join(defect.to) };
}
