import { closeDescriptor } from '@gpup/os';
import { receiveAssignment } from '../boot/assignment.ts';
import { attendHost } from '../boot/attend-host.ts';
import { endVf } from '../boot/end.ts';
import { dieWithHost } from '../boot/guard.ts';
import { report } from '../boot/report.ts';
import { prepareSurvival } from '../boot/survival.ts';

// A VF process without a GPU: it takes its assignment, attends its host, and is ready. A byte on standard input
// makes it fail. A turn is over at once, and is said to have a serial that counts the hosts which have gone.
const [hostPid, survivalPath] = process.argv.slice(2);
dieWithHost(Number(hostPid));
const means = survivalPath === undefined ? null : prepareSurvival(survivalPath);
report({ type: 'warm' });
const assigned = receiveAssignment();
if (assigned === null) process.exit(0);
closeDescriptor(assigned.dataFd);
let goneCount = 0;
let wasGrantedTurns = false;
attendHost(assigned, {
  allocations: () => [{ label: 'a "label"\n', kind: 'buffer', bytes: 64 }],
  openEscapes: () => {},
  grantTurn: ({ serial }) => {
    wasGrantedTurns = true;
    report({ type: 'turn-over', serial: serial + goneCount });
  },
  freeTurn: () => report({ type: 'turn-idle', serial: goneCount }),
  hostChanged: (fd) => {
    if (fd === null) goneCount += 1;
    else if (wasGrantedTurns) report({ type: 'latency-class', value: 'interactive' });
  },
  end: endVf,
}, means);
report({ type: 'ready' });
process.stdin.once('data', () => endVf('test-fault', 'It was told to fail.'));
process.stdin.resume();
