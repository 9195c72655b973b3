import { lifetimeSuite } from './lifetime.suite.ts';
import { nullBackend } from './null/null-backend.ts';

const MIB = 2 ** 20;

lifetimeSuite('null', {
  open: async () => nullBackend(),
  count: 100_000,
  slowCount: 100_000,
  memoryBytes: heapBytes,
  growthBytesMax: 4 * MIB,
});

function heapBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}
