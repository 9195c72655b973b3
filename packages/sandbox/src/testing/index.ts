/** For tests of this package and of those that use it. */
export { type Call, decodeProgram, encodeCall, runProgram } from './bpf-model.ts';
