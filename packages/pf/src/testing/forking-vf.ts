/**
 * Loaded into a VF process before anything else of it (`--import`): poses as one that was taken over. It ends, and
 * leaves a process that holds its control connection and its standard error, whose pid it prints there.
 */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { VF_CONTROL_FD } from '@gpup/vf/boot';

const STDERR_FD = 2;
const stdio: ('ignore' | number)[] = ['ignore', 'ignore', STDERR_FD];
stdio[VF_CONTROL_FD] = VF_CONTROL_FD;
const { pid } = spawn('sleep', ['infinity'], { stdio });
writeSync(STDERR_FD, `holder ${pid}\n`);
process.kill(process.pid, 'SIGKILL');
