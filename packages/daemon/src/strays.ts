import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What a partition, or an adapter that is owned whole, has in the runtime directory beside others' files, after its name. */
const SUFFIXES = ['.sock', '.page', '.page.new'] as const;

/**
 * Removes sockets and records of what does not exist. A daemon that ends in the middle of taking an adapter back from its
 * owner leaves such, and so does one whose definitions somebody edits before the next one starts: nobody else would ever
 * remove them.
 */
export function removeStrays(directory: string, names: ReadonlySet<string>): void {
  for (const file of readdirSync(directory)) {
    const suffix = SUFFIXES.find((each) => file.endsWith(each));
    if (suffix !== undefined && !names.has(file.slice(0, -suffix.length))) rmSync(join(directory, file), { force: true });
  }
}
