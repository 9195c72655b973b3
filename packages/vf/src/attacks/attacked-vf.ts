/**
 * A VF process with an attacker inside: the VF's own program, and what waits for orders on one more descriptor and runs
 * attacks on the VF's thread, as code that has broken into Dawn or a driver could.
 */
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { loadSystemCalls } from '@gpup/os';
import { ATTACKS, type Targets } from './attacks.ts';
import { ORDERS_FD, type Order, type Outcome } from './order.ts';

loadSystemCalls();
const orders = new Socket({ fd: ORDERS_FD, readable: true, writable: true });
createInterface({ input: orders }).on('line', (line) => void obey(JSON.parse(line) as Order).then((outcome) => orders.write(`${JSON.stringify(outcome)}\n`)));

async function obey({ name, targets }: Order): Promise<Outcome> {
  try {
    await ATTACKS.find((attack) => attack.name === name)?.run(targets as Targets);
    return { name, error: null };
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    return { name, error: code ?? message };
  }
}

await import('../main.js');
