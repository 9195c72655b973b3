import { equal, notEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { currentProcessor, leaveProcessor } from './index.ts';

const allowedList = (): string => /Cpus_allowed_list:\s*(.*)/.exec(readFileSync('/proc/thread-self/status', 'utf8'))?.[1] as string;

test('a thread leaves a processor where it may run on another, and stays free to run on any', () => {
  const before = allowedList();
  const hasOthers = /[-,]/.test(before);
  const processor = currentProcessor();
  equal(leaveProcessor(processor), hasOthers);
  if (hasOthers) notEqual(currentProcessor(), processor);
  equal(allowedList(), before);
});
