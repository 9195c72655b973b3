export { type Command, parseCommandLine } from './arguments.ts';
