import { openSync } from 'node:fs';
import { lockFileNow } from '../index.ts';

// Locks the file that it is given, says so, and waits to be killed.
const [path = ''] = process.argv.slice(2);
process.stdout.write(`${lockFileNow(openSync(path, 'a'))}\n`);
setInterval(() => {}, 1000);
