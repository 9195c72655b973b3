import { offerLink, type OfferOptions, type Transport } from '../node/index.ts';
import { serveTestHost } from './test-host.ts';

// A host of its own process: descriptor 3 is the data socket. Says on stdout how the link ended.
const [transport, options] = process.argv.slice(2) as [Transport, string];
const link = offerLink(3, transport, JSON.parse(options) as OfferOptions);
serveTestHost(link);
link.onFault = (fault) => {
  process.stdout.write(`${JSON.stringify({ kind: 'fault', code: fault.code })}\n`);
  link.close();
};
link.onClose = (reason) => process.stdout.write(`${JSON.stringify(reason)}\n`);
