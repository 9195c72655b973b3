import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { LineBuffer } from './line-buffer.ts';

test('hands out whole lines only, whatever the chunks', () => {
  const lines = new LineBuffer(16);
  lines.push(Buffer.from('on'));
  equal(lines.next(), null);
  lines.push(Buffer.from('e\ntwo\nthr'));
  deepEqual(lines.next(), { line: 'one' });
  deepEqual(lines.next(), { line: 'two' });
  equal(lines.next(), null);
  equal(lines.pendingBytes, 3);
});

// The newline counts, so a line of 16 bytes has 15 before it.
test('takes a line of exactly the greatest length', () => {
  const lines = new LineBuffer(16);
  lines.push(Buffer.from(`${'x'.repeat(15)}\n`));
  deepEqual(lines.next(), { line: 'x'.repeat(15) });
});

test('refuses a line that is one byte longer', () => {
  const lines = new LineBuffer(16);
  lines.push(Buffer.from(`${'x'.repeat(16)}\n`));
  equal(lines.next(), 'too-long');
});

test('does not wait for the newline of a line that is too long already', () => {
  const lines = new LineBuffer(16);
  lines.push(Buffer.from('x'.repeat(15)));
  equal(lines.next(), null);
  lines.push(Buffer.from('x'));
  equal(lines.next(), 'too-long');
});
