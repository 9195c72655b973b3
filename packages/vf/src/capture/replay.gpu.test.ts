import { openTestGpu } from '../testing/test-gpu.ts';
import { replaySuite } from './replay.suite.ts';

replaySuite('Dawn', () => openTestGpu());
