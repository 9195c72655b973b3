/**
 * A hostile guest: `main.js SOCKET SEED COUNT`. So many times it connects, does what no guest may do (packages/fuzz), and
 * looks what the host has made of it: one line of JSON each. What becomes of itself by that is its own affair.
 */
import { Attacker, Random, think } from '@gpup/fuzz/attacker';

const [, , socketPath = '', seed = '0', count = '1'] = process.argv;

for (let index = 0; index < Number(count); index++) {
  const steps = think(new Random(Number(seed), index));
  const attacker = new Attacker(socketPath);
  for (const step of steps) attacker.perform(step);
  const verdict = attacker.verdict();
  attacker.end();
  process.stdout.write(`${JSON.stringify({ index, verdict })}\n`);
}
