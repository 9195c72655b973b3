export type { ApiServer, CreateApiServer } from './api-server.ts';
export { type Directories, directoriesIn } from './directories.ts';
export { DAEMON_MAIN_PATH, type DaemonReady, type DaemonStatus, type LaunchOptions, daemonStatus, startDaemon, stopDaemon } from './launch.ts';
export { type ProgramOptions, runProgram } from './program.ts';
export { type RunOptions, runDaemon } from './run.ts';
export { DAEMON_START_STEPS, DAEMON_WORK_STEPS } from './steps.ts';
