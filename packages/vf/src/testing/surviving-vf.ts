import { closeDescriptor } from '@gpup/os';
import { receiveAssignment } from '../boot/assignment.ts';
import { attendHost } from '../boot/attend-host.ts';
import { endVf } from '../boot/end.ts';
import { dieWithHost } from '../boot/guard.ts';
import { report } from '../boot/report.ts';
import { prepareSurvival } from '../boot/survival.ts';

// A VF process without a GPU: it takes its assignment, attends its host, and is ready. A byte on standard input
// makes it fail.
const [hostPid, survivalPath] = process.argv.slice(2);
dieWithHost(Number(hostPid));
const means = survivalPath === undefined ? null : prepareSurvival(survivalPath);
report({ type: 'warm' });
const assigned = receiveAssignment();
if (assigned === null) process.exit(0);
closeDescriptor(assigned.dataFd);
attendHost(assigned, { allocations: () => [{ label: 'a "label"\n', kind: 'buffer', bytes: 64 }], openEscapes: () => {}, end: endVf }, means);
report({ type: 'ready' });
process.stdin.once('data', () => endVf('test-fault', 'It was told to fail.'));
process.stdin.resume();
