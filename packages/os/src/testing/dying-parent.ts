import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { dieWithParent, outliveParent } from '../process.ts';

// As a parent: starts itself as a child that dies with it, or as one that changes its mind, and waits to be killed.
// As a child: says its pid once it is guarded, or ends with 3 where its parent is not the one named.
const [role, parentPid] = process.argv.slice(2);
if (role === 'child' || role === 'surviving-child') {
  if (!dieWithParent('SIGKILL', Number(parentPid))) process.exit(3);
  if (role === 'surviving-child') outliveParent();
  process.stdout.write(`${process.pid}\n`);
} else {
  const childRole = role === 'surviving' ? 'surviving-child' : 'child';
  spawn(process.execPath, [fileURLToPath(import.meta.url), childRole, String(process.pid)], { stdio: ['ignore', 'inherit', 'inherit'] });
}
setInterval(() => {}, 1000);
