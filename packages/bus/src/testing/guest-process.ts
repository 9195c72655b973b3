import { acceptLink } from '../node/index.ts';
import { ASK } from './test-protocol.ts';

// A guest of its own process: descriptor 3 is the data socket.
const guest = acceptLink(3);
const echo = Uint32Array.of(ASK.echo, 3, 17);

switch (process.argv[2]) {
  case 'send-and-end':
    // Nobody waits: the program is over though the link is open.
    for (let count = 0; count < 100; count += 1) guest.send(echo, 0, 3);
    break;
  case 'wait-and-end':
    guest.onPacket = (words, begin) => {
      process.stdout.write(`reply ${words[begin + 2]}\n`);
      guest.setWaiting(false);
    };
    guest.setWaiting(true);
    guest.send(echo, 0, 3);
    break;
  case 'never-end':
    guest.send(echo, 0, 3);
    setInterval(() => {}, 1000);
    break;
}
