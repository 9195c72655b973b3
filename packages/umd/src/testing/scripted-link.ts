import type { CloseReason, GuestHeap, GuestLink, PacketSink } from '@gpup/bus';
import { Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { LIMIT_NAMES, OPCODES } from '@gpup/wire/numbers';

const FEATURES = ['core-features-and-limits', 'timestamp-query'];
const LIMITS = Object.fromEntries(LIMIT_NAMES.map((name, index) => [name, 2 ** (index % 16)]));
const INFO = {
  vendor: 'a vendor', architecture: 'an architecture', device: '', description: 'for tests',
  subgroupMinSize: 4, subgroupMaxSize: 64, isFallbackAdapter: true,
};

export interface HostText {
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly info: typeof INFO;
}

/**
 * A link to a host that lives in the test: it keeps every packet, answers what it takes to get a device,
 * and says the rest when the test says so.
 */
export class ScriptedLink implements GuestLink {
  heap: GuestHeap | null = null;
  readonly packetWordsMax = 1 << 24;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};
  readonly packets: Uint32Array[] = [];
  isWaiting = false;
  /** Whether what is waited for is said to come soon. */
  isSoon = false;
  completed = 0;
  isClosed = false;
  /** A send has left it to the end of the task to wake the host. */
  isRingDue = false;
  /** What the adapter is said to have; null for a host without one. */
  adapter: HostText | null = { features: FEATURES, limits: LIMITS, info: INFO };
  /** Answers of `waitForProgress`, in order; then false. */
  readonly progress: boolean[] = [];
  /** What the greeting is answered with; null for a host that does not answer. */
  welcome: { readonly minor: number; readonly featureLevel: number; readonly escapes?: readonly string[] } | null = { minor: 0, featureLevel: 24 };
  languageFeatures: readonly string[] = ['readonly_and_readwrite_storage_textures', 'packed_4x8_integer_dot_product'];

  send(words: Uint32Array, begin: number, end: number, mayRingLater = false): void {
    this.isRingDue = mayRingLater;
    for (let at = begin; at < end; at += words[at + 1] as number) {
      const packet = words.slice(at, at + (words[at + 1] as number));
      this.packets.push(packet);
      this.#answer(packet);
    }
  }

  ringIfDue(): void {
    this.isRingDue = false;
  }

  #answer(packet: Uint32Array): void {
    // After opcode and length: `self` where there is one, then the request.
    switch (packet[0]) {
      case OPCODES['Context.hello']:
        this.#greet();
        break;
      case OPCODES['GPU.requestAdapter']:
        this.say((w) => encode.encodeReplyJson(w, packet[2] as number, JSON.stringify({ adapter: this.adapter })));
        break;
      case OPCODES['GPUAdapter.requestDevice']:
        this.say((w) => encode.encodeReplyJson(w, packet[3] as number, JSON.stringify(this.adapter)));
        break;
    }
  }

  #greet(): void {
    const { welcome, languageFeatures: wgslLanguageFeatures } = this;
    if (welcome === null) return;
    const info = { wgslLanguageFeatures, preferredCanvasFormat: 'rgba8unorm', escapes: welcome.escapes };
    this.say((w) => encode.encodeEventWelcome(w, 1, welcome.minor, welcome.featureLevel, JSON.stringify(info)));
  }

  /** Delivers what the host writes, as one packet or several, in a task of its own as a real link does. */
  say(write: (w: Writer) => void): void {
    const writer = new Writer();
    write(writer);
    queueMicrotask(() => {
      for (let at = 0; at < writer.length; at += writer.words[at + 1] as number) {
        if (!this.isClosed) this.onPacket(writer.words, at, at + (writer.words[at + 1] as number));
      }
    });
  }

  /** Packets of one kind that have been sent. */
  sent(name: keyof typeof OPCODES): Uint32Array[] {
    return this.packets.filter((packet) => packet[0] === OPCODES[name]);
  }

  waitForHost(): boolean {
    return this.waitForProgress();
  }

  waitForProgress(): boolean {
    return this.progress.shift() ?? false;
  }
  poll(): void {}
  completedSerial(): number {
    return this.completed;
  }
  setWaiting(waiting: boolean, isSoon = false): void {
    this.isWaiting = waiting;
    this.isSoon = isSoon;
  }
  close(): void {
    this.isClosed = true;
  }
}
