import { lifetimeSuite } from './lifetime.suite.ts';
import { openTestGpu } from './testing/test-gpu.ts';

const MIB = 2 ** 20;

/** Enough for several collections of each kind. `GPUP_TEST_OBJECT_COUNT=100000` for a longer run. */
const count = Number(process.env['GPUP_TEST_OBJECT_COUNT'] ?? 40_000);

lifetimeSuite('dawn', {
  open: () => openTestGpu(),
  count,
  slowCount: count / 40,
  memoryBytes: () => process.memoryUsage().rss,
  // Garbage between two collections: some 32,000 objects of a few KiB at the worst.
  growthBytesMax: 96 * MIB,
});
