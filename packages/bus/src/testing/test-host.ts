import type { HostLink } from '../link.ts';
import { ASK, WordHash } from './test-protocol.ts';

/** Serves a test's guest until the link closes. */
export function serveTestHost(link: HostLink): void {
  const hash = new WordHash();
  let packetCount = 0;
  const answer = new Uint32Array(4);

  link.onPacket = (words, begin, end) => {
    packetCount += 1;
    hash.add(words, begin, end);
    const argument = (index: number): number => words[begin + 2 + index] as number;
    switch (words[begin]) {
      case ASK.echo:
        link.send(words, begin, end);
        return;
      case ASK.report:
        answer.set([ASK.report, 4, packetCount, hash.value]);
        link.send(answer, 0, 4);
        return;
      case ASK.pause:
        link.pause();
        setTimeout(() => link.resume(), argument(0));
        return;
      case ASK.produce:
        produce(argument(0), argument(1));
        return;
      case ASK.publish:
        link.publishCompleted(argument(0));
        return;
      case ASK.close:
        link.close();
        return;
      case ASK.die:
        process.kill(process.pid, 'SIGKILL');
        return;
      case ASK.hashHeap: {
        const heapHash = new WordHash();
        if (link.heap !== null) heapHash.add(link.heap, argument(0), argument(0) + argument(1));
        answer.set([ASK.hashHeap, 3, heapHash.value]);
        link.send(answer, 0, 3);
        return;
      }
      case ASK.fillHeap:
        link.heap?.fill(argument(2), argument(0), argument(0) + argument(1));
        link.send(words, begin, end);
        return;
      case ASK.work: {
        const untilMs = performance.now() + argument(0) / 1000;
        while (performance.now() < untilMs);
        return;
      }
    }
  };

  function produce(count: number, wordCount: number): void {
    const words = new Uint32Array(wordCount);
    for (let index = 0; index < count; index += 1) {
      words.fill(index);
      words[0] = ASK.produce;
      words[1] = wordCount;
      link.send(words, 0, wordCount);
    }
  }
}
