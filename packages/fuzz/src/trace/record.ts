import { ImmediateLink } from '@gpup/bus';
import { createGpu } from '@gpup/umd';
import { type Backend, CommandProcessor, ESCAPE_NAMES } from '@gpup/vf';
import { FuzzLink } from '../packets/fuzz-link.ts';
import { CREATING_REQUEST_BIT, isCreatingRequest } from '../model/guest-model.ts';
import { PACKET_BY_OPCODE } from '../schema-index.ts';
import { MemoryHeap } from './memory-heap.ts';
import { type Program, PROGRAMS } from './programs.ts';
import type { Trace } from './trace.ts';

/** What a session's heap must have for the traces to be playable in it. */
export const TRACE_HEAP_BYTES = 8192;
const REQUEST_WORD_WITH_SELF = 3;

/** A guest's link straight into a command processor, which keeps what is sent. */
class RecordingLink extends ImmediateLink {
  readonly packets: Uint32Array[] = [];
  /** Why the host ended the context, if it has. */
  failure: Error | null = null;
  readonly #host: FuzzLink;

  constructor(backend: Backend, heap: Uint8Array | null) {
    super(heap === null ? null : new MemoryHeap(heap));
    this.#host = new FuzzLink(heap);
    this.#host.onReply = (words, begin, end) => {
      const reply = words.slice(begin, end);
      queueMicrotask(() => this.onPacket(reply, 0, reply.length));
    };
    new CommandProcessor({
      link: this.#host,
      backend,
      escapes: ESCAPE_NAMES,
      report: (end) => {
        if (end.type === 'bug') this.failure = new Error('The host has a bug.', { cause: end.error });
        if (end.type === 'fault') this.failure = new Error(`The host found fault: ${end.code}: ${end.message}`);
      },
    });
  }

  send(words: Uint32Array, begin: number, end: number): void {
    for (let at = begin; at < end; at += words[at + 1] as number) {
      const packet = words.slice(at, at + (words[at + 1] as number));
      this.packets.push(packet);
      this.#host.onPacket(packet, 0, packet.length);
    }
  }
}

async function recordOne(name: string, program: Program, options: { readonly backend: Backend; readonly hasHeap: boolean }): Promise<Trace> {
  const link = new RecordingLink(options.backend, options.hasHeap ? new Uint8Array(TRACE_HEAP_BYTES) : null);
  const { gpu } = createGpu({
    platform: { defer: (callback) => void queueMicrotask(callback), collectGarbage() {} },
    connect: async () => link,
    connectNow: () => link,
  });
  try {
    await program(gpu as unknown as GPU);
    await new Promise((resolve) => setImmediate(resolve));
  } catch (error) {
    throw new Error(`The trace ${name} cannot be recorded.`, { cause: link.failure ?? error });
  }
  if (link.failure !== null) throw new Error(`The trace ${name} ends the context.`, { cause: link.failure });
  return { name, packets: link.packets.map(markRequest) };
}

/** The model tells requests that create by their ids. */
export function markRequest(packet: Uint32Array): Uint32Array {
  const schema = PACKET_BY_OPCODE.get(packet[0] as number);
  if (schema === undefined || !isCreatingRequest(schema.name)) return packet;
  const at = schema.self === null ? REQUEST_WORD_WITH_SELF - 1 : REQUEST_WORD_WITH_SELF;
  packet[at] = ((packet[at] as number) | CREATING_REQUEST_BIT) >>> 0;
  return packet;
}

/** The traces of all programs on both kinds of transport: with a heap and without. */
export async function recordTraces(makeBackend: () => Backend): Promise<{ readonly withHeap: readonly Trace[]; readonly withoutHeap: readonly Trace[] }> {
  const withHeap: Trace[] = [];
  const withoutHeap: Trace[] = [];
  for (const [name, program] of Object.entries(PROGRAMS)) {
    withHeap.push(await recordOne(name, program, { backend: makeBackend(), hasHeap: true }));
    withoutHeap.push(await recordOne(name, program, { backend: makeBackend(), hasHeap: false }));
  }
  return { withHeap, withoutHeap };
}
