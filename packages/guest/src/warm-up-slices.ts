// The imported ones, and as they are now: a program's tests may replace them.
import { performance } from 'node:perf_hooks';
import { setTimeout as platformsTimeout } from 'node:timers';
import { WarmUp } from '@gpup/umd';

const setTimeout = platformsTimeout;
const nowMs = performance.now.bind(performance);

/** `off`: the driver's functions are compiled when the program has called them often enough, and not before. */
const WARM_UP_VARIABLE = 'GPUP_WARM_UP';
/** Programs that end sooner, and the beginnings of all others, are left alone. */
const BEGIN_MS = 300;
/** A slice of the program's thread at a time, no longer than what a timer is off anyway: a fifth of it until it is over. */
const SLICE_MS = 1;
const PAUSE_MS = 4;
/** Whatever the clock says. */
const SLICE_ROUNDS_MAX = 100;

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
    const warming = await WarmUp.begin(pause);
    while (!warming.isOver) {
      slice(warming);
      await pause();
    }
    warming.close();
  } catch {}
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
}

function slice(warming: WarmUp): void {
  const endMs = nowMs() + SLICE_MS;
  let leftCount = SLICE_ROUNDS_MAX;
  do warming.round();
  while (!warming.isOver && --leftCount > 0 && nowMs() < endMs);
}
