/**
 * A guest that opens a context and does what its argument says:
 *   idle   stay until the context is lost, then end with status 3
 *   exit   end at once, with status 0
 *   fault  break the protocol, and then as idle
 */
import { connect } from '@gpup/guest';

const mode = process.argv[2];

const link = await connect();
link.setWaiting(true);
link.onClose = (reason) => {
  process.stdout.write(`${JSON.stringify({ lost: reason })}\n`);
  process.exitCode = 3;
};
process.stdout.write('linked\n');
if (mode === 'exit') process.exit(0);
// No packet is shorter than its two words of framing.
if (mode === 'fault') link.send(Uint32Array.of(1, 1), 0, 2);
