import { readFileSync } from 'node:fs';

/** The version of gpup that this daemon belongs to: all packages have the same. */
export const VERSION: string = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string }).version;
