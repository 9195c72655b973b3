export { AssertionError, assert } from './assert.ts';
export { GuestFault } from './guest-fault.ts';
export { printable, printableJson, printableText } from './printable.ts';
export { isCount } from './count.ts';
