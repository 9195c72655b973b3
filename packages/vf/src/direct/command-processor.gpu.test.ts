import { processorSuite } from '../processor.suite.ts';
import { openTestGpu } from '../testing/test-gpu.ts';

processorSuite('dawn, recorded directly', () => openTestGpu('direct'));
