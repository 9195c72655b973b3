import { nullBackend } from './null/null-backend.ts';
import { processorSuite } from './processor.suite.ts';

processorSuite('null', async () => nullBackend());
