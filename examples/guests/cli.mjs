// What every guest program shares around its GPU work: arguments in, JSON lines out, an exit code.
// Nothing in here knows which WebGPU implementation is underneath.
import { parseArgs } from 'node:util';

/**
 * One command-line option. Its type follows from its fields: a number when `default` is a number,
 * otherwise a path (a non-empty string).
 * @typedef {{ help: string, default: number | string, min?: number, max?: number, multipleOf?: number }} Option
 */

/** A mistake in how the program was called: exit code 2, as opposed to 1 for a run that failed. */
class UsageError extends Error {}

/** Prints one machine-readable line. stdout carries nothing but these; libraries' chatter goes to stderr. */
export function emit(event, fields = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

const watched = [];
const complaints = [];

/** Makes the run fail in the end, whatever its result looks like. */
export function complain(message) {
  complaints.push(message);
}

/** From now on an error on this device that no error scope caught, or its loss, makes the run fail. */
export function watchDevice(device) {
  watched.push(device);
  device.addEventListener('uncapturederror', ({ error }) => complain(`GPU error: ${error.message}`));
  device.lost.then(({ reason, message }) => {
    if (reason !== 'destroyed') complain(`device lost: ${message}`);
  });
}

async function checkDevices() {
  // GPU errors arrive some time after the call that caused them, but before this settles.
  await Promise.all(watched.map((device) => device.queue.onSubmittedWorkDone()));
  if (complaints.length > 0) throw new Error(`${complaints.length} GPU error${complaints.length === 1 ? '' : 's'}`);
}

/**
 * Runs a guest program: reads its arguments, calls `body(args)`, which emits its own progress, emits
 * what it returns as the 'done' event and exits with 0 if that is `ok`.
 * @param {{ name: string, summary: string, options: Record<string, Option> }} spec
 * @param {(args: any) => Promise<{ work: string, ok: boolean, verdict: string }>} body
 */
export async function main(spec, body) {
  try {
    const args = readArgs(spec, process.argv.slice(2));
    if (args === null) {
      process.stdout.write(helpText(spec));
      return;
    }
    if (!globalThis.navigator?.gpu) {
      throw new Error(`navigator.gpu is missing: start this program with a WebGPU driver, node --import DRIVER ${spec.name}`);
    }
    const began = performance.now();
    const result = await body(args);
    await checkDevices(); // before 'done': nothing that a GPU error may have spoilt is called done
    emit('done', { ...result, seconds: Number(((performance.now() - began) / 1000).toFixed(2)) });
    if (!result.ok) process.exitCode = 1;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${spec.name}: ${error.message}\nTry --help.\n`);
      process.exitCode = 2;
    } else {
      // The loss of a device rejects what waits for it first, in words that may not say so.
      await new Promise((resolve) => setImmediate(resolve));
      const message = error instanceof Error ? error.message : String(error);
      emit('error', { message: [message, ...complaints.slice(0, 1)].join(' - ') });
      process.stderr.write(`${error?.stack ?? error}\n`);
      process.exitCode = 1;
    }
  } finally {
    for (const device of watched) device.destroy();
  }
}

function readArgs({ options }, argv) {
  let values;
  try {
    // Everything is declared a string: what a value may be is judged below, with better words.
    const declared = Object.fromEntries(Object.keys(options).map((key) => [key, { type: 'string' }]));
    ({ values } = parseArgs({ args: argv, options: { ...declared, help: { type: 'boolean', short: 'h' } } }));
  } catch (error) {
    throw new UsageError(error.message);
  }
  if (values.help) return null;
  return Object.fromEntries(Object.entries(options).map(([key, option]) => [key, readValue(key, option, values[key])]));
}

function readValue(key, option, text) {
  if (text === undefined) return option.default;
  if (typeof option.default !== 'number') {
    if (text === '') throw new UsageError(`--${key} must not be empty`);
    return text;
  }
  const { min = 1, max = Number.MAX_SAFE_INTEGER, multipleOf = 1 } = option;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max && value % multipleOf === 0)) {
    const kind = multipleOf === 1 ? 'whole number' : `multiple of ${multipleOf}`;
    throw new UsageError(`--${key} must be a ${kind} from ${min} to ${max}, got '${text}'`);
  }
  return value;
}

function helpText({ name, summary, options }) {
  const rows = Object.entries(options).map(([key, option]) => {
    const isNumber = typeof option.default === 'number';
    const limits = isNumber && option.max !== undefined ? `, ${option.min ?? 1} to ${option.max}` : '';
    return [`--${key} ${isNumber ? 'N' : 'FILE'}`, `${option.help} (default: ${option.default}${limits})`];
  });
  rows.push(['--help', 'Print this and exit']);
  const width = Math.max(...rows.map(([left]) => left.length));
  return `Usage: node --import DRIVER ${name} [options]\n\n${summary}\n\n` +
    rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}
