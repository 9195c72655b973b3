import { EXECUTOR_VARIABLE } from './index.ts';

// The same rendering as by the binding, with every command that can be direct recorded so.
process.env[EXECUTOR_VARIABLE] = 'direct';
await import('../rendering.gpu.test.ts');
