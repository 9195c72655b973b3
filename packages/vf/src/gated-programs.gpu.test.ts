import { gatedProgramsSuite } from './gated-programs.suite.ts';
import { openTestGpu } from './testing/test-gpu.ts';

gatedProgramsSuite('dawn', () => openTestGpu(), [7, 107, 2610]);
