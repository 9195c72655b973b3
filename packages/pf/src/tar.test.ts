import { deepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { tarFiles } from './tar.ts';

function entry(name: string, content: string, type = '0', size = content.length): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  padded.write(content);
  return Buffer.concat([header, padded]);
}
const end = Buffer.alloc(1024);
const read = (...parts: Buffer[]) => [...tarFiles(Buffer.concat(parts))].map(({ name, bytes }) => [name, bytes.toString()]);

test('reads files of none, one and several blocks', () => {
  const long = 'x'.repeat(513);
  deepEqual(read(entry('a', ''), entry('b', 'bee'), entry('c', long), end), [['a', ''], ['b', 'bee'], ['c', long]]);
});

test('skips folders and links', () => {
  deepEqual(read(entry('d', '', '5'), entry('l', '', '2'), entry('b', 'bee'), end), [['b', 'bee']]);
});

test('stops at the first block of zeros', () => {
  deepEqual(read(entry('a', '1'), end, entry('b', '2')), [['a', '1']]);
});

test('refuses an entry that claims more than there is', () => {
  throws(() => read(entry('a', 'abc', '0', 5000)), /claims 5000 bytes of 512/);
});

test('refuses a size that is no number', () => {
  const broken = entry('a', 'abc');
  broken.write('zzzzzzzzzzz', 124);
  throws(() => read(broken), /damaged/);
});
