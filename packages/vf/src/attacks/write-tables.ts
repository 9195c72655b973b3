import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withTables } from './table.ts';

const path = fileURLToPath(new URL('../../../../docs/hardening.md', import.meta.url));
writeFileSync(path, withTables(readFileSync(path, 'utf8')));
