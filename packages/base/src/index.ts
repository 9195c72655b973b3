export { AssertionError, assert } from './assert.ts';
export { GuestFault } from './guest-fault.ts';
