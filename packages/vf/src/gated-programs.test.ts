import { seeds } from '@gpup/base/testing';
import { gatedProgramsSuite } from './gated-programs.suite.ts';
import { nullBackend } from './null/null-backend.ts';

const PROGRAM_COUNT = 25;

for (const seed of seeds(7, 2610)) {
  gatedProgramsSuite(`null, seed ${seed}`, async () => nullBackend(), Array.from({ length: PROGRAM_COUNT }, (_, i) => seed * 1000 + i * 10));
}
