// The imported function: a program's tests may replace the global one.
import { setTimeout } from 'node:timers';
import { WarmUp } from '@gpup/umd';

/** `off`: the driver's functions are compiled when the program has called them often enough, and not before. */
const WARM_UP_VARIABLE = 'GPUP_WARM_UP';
/** Programs that end sooner, and the beginnings of all others, are left alone. */
const BEGIN_MS = 300;
/** A slice of the program's thread at a time, no longer than what a timer is off anyway: a fifth of it until it is over. */
const SLICE_MS = 1;
const PAUSE_MS = 4;

let hasBegun = false;

/**
 * Has the driver's functions compiled while the program runs, in slices of its thread; once in a process, or in a worker of
 * its own. Holds nothing up: a program that ends, ends.
 */
export function warmUpSoon(): void {
  if (hasBegun || process.env[WARM_UP_VARIABLE] === 'off') return;
  hasBegun = true;
  setTimeout(() => void warmUp(), BEGIN_MS).unref();
}

/** What fails here is nobody's loss but of time: the program's own calls say what is wrong. */
async function warmUp(): Promise<void> {
  try {
    const warming = await WarmUp.begin();
    while (!warming.isOver) {
      slice(warming);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    }
    warming.close();
  } catch {}
}

function slice(warming: WarmUp): void {
  const endMs = performance.now() + SLICE_MS;
  do warming.round();
  while (!warming.isOver && performance.now() < endMs);
}
