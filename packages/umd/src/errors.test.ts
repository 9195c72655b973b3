import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import * as errors from './errors.ts';

const { ERROR_CLASSES, GPUError, GPUPipelineError, GPUUncapturedErrorEvent } = errors;
const TYPE_ERROR = { name: 'TypeError' };
type Constructor = new (...args: unknown[]) => object;

test('a GPUError is one of its kinds', () => {
  throws(() => new GPUError('m'), { name: 'TypeError', message: 'Illegal constructor' });
});

for (const name of ['GPUValidationError', 'GPUOutOfMemoryError', 'GPUInternalError'] as const) {
  test(`${name} has a message and nothing else`, () => {
    const error = new ERROR_CLASSES[name]('Why.');
    equal(error.message, 'Why.');
    ok(error instanceof GPUError);
    equal(Object.prototype.toString.call(error), `[object ${name}]`);
    equal(String(new ERROR_CLASSES[name](null).message), 'null');
    equal((error as { stack?: unknown }).stack, undefined);
    throws(() => new (ERROR_CLASSES[name] as Constructor)(), TYPE_ERROR);
    throws(() => new (ERROR_CLASSES[name] as Constructor)(Symbol('s')), TYPE_ERROR);
    throws(() => (ERROR_CLASSES[name] as unknown as () => void)(), TYPE_ERROR);
  });
}

test('a message is read-only and bound to its error', () => {
  const error = new errors.GPUInternalError('Why.');
  throws(() => { (error as { message: string }).message = 'x'; }, TYPE_ERROR);
  throws(() => Reflect.get(GPUError.prototype, 'message', {}), TYPE_ERROR);
});

test('a pipeline error is a DOMException with a reason', () => {
  const error = new GPUPipelineError('Why.', { reason: 'validation' });
  ok(error instanceof DOMException);
  ok(error instanceof Error);
  deepEqual([error.name, error.message, error.reason, error.code], ['GPUPipelineError', 'Why.', 'validation', 0]);
  equal(Object.prototype.toString.call(error), '[object GPUPipelineError]');
  deepEqual([new GPUPipelineError(undefined, { reason: 'internal' }).message], ['']);
});

for (const [what, args] of [
  ['no argument', []],
  ['a message alone', ['m']],
  ['no reason', ['m', {}]],
  ['no object', ['m', 1]],
  ['another reason', ['m', { reason: 'other' }]],
  ['null for options', ['m', null]],
] as const) {
  test(`a pipeline error of ${what} is refused`, () => throws(() => new (GPUPipelineError as Constructor)(...args), TYPE_ERROR));
}

test('an event carries the error it was made with, and the dictionary of any event', () => {
  const error = new errors.GPUValidationError('Why.');
  const event = new GPUUncapturedErrorEvent('uncapturederror', { error, cancelable: true });
  ok(event instanceof Event);
  deepEqual([event.type, event.error, event.cancelable, event.bubbles], ['uncapturederror', error, true, false]);
  equal(Object.prototype.toString.call(event), '[object GPUUncapturedErrorEvent]');
});

for (const [what, args] of [
  ['a type alone', ['t']],
  ['no error', ['t', {}]],
  ['null for a dictionary', ['t', null]],
  ['what is no GPUError', ['t', { error: new Error('e') }]],
  ['what looks like a GPUError', ['t', { error: { message: 'e' } }]],
] as const) {
  test(`an event of ${what} is refused`, () => throws(() => new (GPUUncapturedErrorEvent as Constructor)(...args), TYPE_ERROR));
}

for (const [filter, name] of [['validation', 'GPUValidationError'], ['out-of-memory', 'GPUOutOfMemoryError'], ['internal', 'GPUInternalError']] as const) {
  test(`the filter ${filter} catches a ${name}`, () => {
    const error = errors.makeError(filter, 'Why.');
    deepEqual([error.constructor.name, error.message], [name, 'Why.']);
  });
}

for (const [name, type] of [['TypeError', TypeError], ['RangeError', RangeError], ['OperationError', DOMException], ['AbortError', DOMException], ['GPUPipelineError', GPUPipelineError]] as const) {
  test(`what the host calls ${name} is rejected with ${type.name}`, () => {
    const error = errors.makeException(name, 'internal', 'Why.');
    ok(error instanceof type);
    deepEqual([error.name, error.message], [name, 'Why.']);
  });
}

test('members are enumerable', () => {
  deepEqual(Object.keys(GPUError.prototype), ['message']);
  deepEqual(Object.keys(GPUPipelineError.prototype), ['reason']);
  deepEqual(Object.keys(GPUUncapturedErrorEvent.prototype), ['error']);
});

for (const [name, length] of [['GPUError', 0], ['GPUValidationError', 1], ['GPUOutOfMemoryError', 1], ['GPUInternalError', 1], ['GPUPipelineError', 2], ['GPUUncapturedErrorEvent', 2]] as const) {
  test(`${name} takes ${length} arguments at least, by its length`, () => equal(ERROR_CLASSES[name].length, length));
}
