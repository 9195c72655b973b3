/**
 * The VF process: one guest context's GPU. A host process starts it with the guest's data connection and a
 * control socket to report on; it opens Dawn, shares memory with the guest, and executes commands until
 * either side is gone. It never ends in the ordinary way (see `die`).
 */
import { VF_CONFIG_VARIABLE, type VfConfig, decodeVfConfig } from './boot/config.ts';
import { reportToHost } from './boot/control-line.ts';
import { loadDawn, openGpu } from './boot/dawn.ts';
import { paceDawn } from './boot/dawn-tick.ts';
import { endOnBugs, endVf } from './boot/end.ts';
import { die, dieWithHost, watchHost } from './boot/guard.ts';
import { openHostLink } from './boot/host-link.ts';
import { probe } from './boot/probe.ts';
import { runProcessor } from './boot/processor.ts';
import { vfStep } from './boot/steps.ts';

const [mode, hostPid] = process.argv.slice(2);

if (mode === '--probe') {
  if (hostPid !== undefined) dieWithHost(Number(hostPid));
  await probe();
  die();
}
endOnBugs();
vfStep('vf.started');
await serve(decodeVfConfig(process.env[VF_CONFIG_VARIABLE]));

async function serve(config: VfConfig): Promise<void> {
  dieWithHost(config.hostPid);
  watchHost(die);
  vfStep('vf.guarded');
  const tick = paceDawn();
  const dawn = await loadDawn();
  const gpu = openGpu(dawn, config.dawnFlags);
  vfStep('vf.dawn-open');
  const link = openHostLink(config);
  if (link === null) return endVf('guest-gone', 'The guest closed its data connection before anything was sent over it.');
  vfStep('vf.link-offered');
  runProcessor({ link, gpu, dawn, tick, vramBytes: config.vramBytes, end: endVf });
  reportToHost({ type: 'ready' });
  vfStep('vf.ready');
}
