import { closeDescriptor } from '@gpup/os';
import { receiveAssignment } from '../boot/assignment.ts';
import { attendHost } from '../boot/attend-host.ts';
import { endVf } from '../boot/end.ts';
import { dieWithHost } from '../boot/guard.ts';
import { report } from '../boot/report.ts';

// A VF process without a GPU: it takes its assignment, attends its host, and is ready. A byte on standard input
// makes it fail.
const [hostPid] = process.argv.slice(2);
dieWithHost(Number(hostPid));
report({ type: 'warm' });
const assigned = receiveAssignment();
if (assigned === null) process.exit(0);
closeDescriptor(assigned.dataFd);
attendHost(assigned, { allocations: () => [{ label: 'a "label"\n', kind: 'buffer', bytes: 64 }], openEscapes: () => {}, grantTurn: () => {}, freeTurn: () => {}, hostChanged: () => {}, end: endVf });
report({ type: 'ready' });
process.stdin.once('data', () => endVf('test-fault', 'It was told to fail.'));
process.stdin.resume();
