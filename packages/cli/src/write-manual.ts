/** Writes docs/cli.md. A test says whether it is what the table gives. */
import { writeFileSync } from 'node:fs';
import { manual } from './command-line/manual.ts';

writeFileSync(new URL('../../../docs/cli.md', import.meta.url), manual());
