/**
 * A hostile guest. It opens contexts as any guest does and in each makes one attack on its host, and prints
 * what it did and what the host did about it, one JSON line each.
 */
import { SOCKET_VARIABLE } from '@gpup/guest';
import { ATTACKS } from './attacks.ts';

/** A VF that breaks under an attack is contained as well, but it should have refused it. */
const CRASH_CODES: ReadonlySet<string> = new Set(['vf-died', 'vf-bug']);

try {
  attackAll();
} catch (error) {
  emit('error', { message: (error as Error).message });
  process.exitCode = 1;
}

function attackAll(): void {
  const socketPath = process.env[SOCKET_VARIABLE];
  if (socketPath === undefined) throw new Error(`${SOCKET_VARIABLE} is not set: there is no host to attack.`);
  const failures: string[] = [];
  let lostCount = 0;
  for (const [index, { name, run }] of ATTACKS.entries()) {
    emit('progress', { step: index, steps: ATTACKS.length });
    const outcome = run(socketPath);
    emit('attack', { name, ...outcome });
    if (outcome.outcome === 'lost') lostCount++;
    if (outcome.outcome === 'unanswered' || CRASH_CODES.has(outcome.code)) failures.push(name);
  }
  emit('progress', { step: ATTACKS.length, steps: ATTACKS.length });
  emit('done', {
    work: `${ATTACKS.length} attacks on its host: ${lostCount} contexts lost, ${ATTACKS.length - lostCount} attempts refused`,
    ok: failures.length === 0,
    verdict: failures.length === 0 ? 'contained' : `not stopped cleanly: ${failures.join(', ')}`,
  });
}

function emit(event: string, fields: object): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}
