import { journalSuite } from './journal.suite.ts';
import { openTestGpu } from './testing/test-gpu.ts';

let opened: ReturnType<typeof openTestGpu> | undefined;

journalSuite('dawn', () => {
  opened ??= openTestGpu();
  return opened;
});
