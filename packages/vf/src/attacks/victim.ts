/** A process of the same user: it says where a word of its memory lies, and does nothing. */
import { nativeMemory } from '@gpup/os';
import { VICTIM_WORD } from './victim-word.ts';

const { address, fields } = nativeMemory(64);
fields.setUint32(0, VICTIM_WORD, true);
process.stdout.write(`${address}\n`);
// Kept until the end, and not moved.
setInterval(() => fields.getUint32(0, true), 60_000);
