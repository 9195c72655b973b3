import { journalSuite } from './journal.suite.ts';
import { nullBackend } from './null/null-backend.ts';

journalSuite('null', async () => nullBackend());
