import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { libc } from './libc.ts';
import { returnLargeBlocks } from './malloc.ts';

/** From <malloc.h>; present with mallopt. */
function isGlibc(): boolean {
  try {
    libc().koffi.load(null).func('const char *gnu_get_libc_version()');
    return true;
  } catch {
    return false;
  }
}

test('large blocks are returned where the C library is glibc', () => {
  equal(returnLargeBlocks(4 * 2 ** 20), isGlibc());
});
