/**
 * A guest of a soak: `main.js SECRET PAUSE_MS`. It keeps patterns in GPU memory, has the GPU change them, and compares
 * all of them again and again; between two rounds it does what it is told (lines.ts). Exit status: 0 told to end, 3 the
 * GPU is lost, 4 something is not as it must be, 5 the host refuses it.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuestDevice, provider } from './device.ts';
import { drawFrames } from './frames.ts';
import { type EscapeAnswer, type EscapeName, FILL_BYTES_MIN, type FillAnswer, type GuestAccount, type GuestCommand, type GuestEndLine, type GuestLine } from './lines.ts';
import { PatternBuffer, PatternTexture, type Possession, TEXTURE_BYTES, Workshop } from './possessions.ts';

const STATUSES = { done: 0, lost: 3, wrong: 4, error: 4, refused: 5 } as const;
const OWN_BYTES = 256 << 10;
/** What it fills itself with, from the largest piece to the smallest. */
const PIECES = [8 << 20, 2 << 20, TEXTURE_BYTES, 256 << 10, FILL_BYTES_MIN] as const;
const IDLE_MS = 20;

const secret = Number(process.argv[2]);
const pauseMs = Number(process.argv[3]);

function say(line: GuestLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function end(line: GuestEndLine): never {
  say(line);
  process.exit(STATUSES[line.type]);
}

class SoakGuest {
  readonly #gpu: GuestDevice;
  readonly #handle: GPU;
  #workshop: Workshop | null = null;
  #own: PatternBuffer | null = null;
  readonly #filling: Possession[] = [];
  #turn = 0;
  #rounds = 0;
  #verifiedBytes = 0;

  constructor(gpu: GuestDevice, handle: GPU) {
    this.#gpu = gpu;
    this.#handle = handle;
  }

  /** Where the partition has no room left for what it needs, it goes on with what it has. */
  async round(): Promise<void> {
    this.#workshop ??= await Workshop.open(this.#gpu);
    if (this.#workshop !== null) this.#own ??= await PatternBuffer.open(this.#workshop, { bytes: OWN_BYTES, secret });
    const other = this.#filling[this.#turn++ % Math.max(1, this.#filling.length)];
    for (const possession of [this.#own, other]) {
      if (possession === null || possession === undefined) continue;
      possession.advance();
      await this.#verify(possession);
    }
    say({ type: 'round', rounds: ++this.#rounds, verifiedBytes: this.#verifiedBytes });
  }

  async #verify(possession: Possession): Promise<void> {
    const complaint = await possession.verify();
    if (complaint !== null) end({ type: 'wrong', text: complaint });
    this.#verifiedBytes += possession.bytes;
  }

  async perform(command: GuestCommand): Promise<unknown> {
    switch (command.name) {
      case 'pause':
        return this.#account();
      case 'fill':
        return this.#fill(command.bytesMax);
      case 'free':
        return this.#free();
      case 'draw':
        return this.#draw(command.frameCount);
      case 'escape':
        return this.#escape(command.escape);
      case 'spoil':
        return void this.#own?.spoil();
      case 'end':
        return this.#end();
      case 'resume':
        return undefined;
    }
  }

  async #account(): Promise<GuestAccount> {
    await this.#gpu.device.queue.onSubmittedWorkDone();
    const { vramBytes, submitCount } = this.#gpu;
    return { vramBytes, submitCount };
  }

  async #fill(bytesMax: number): Promise<FillAnswer> {
    let addedBytes = 0;
    let refusedBytes: number | null = null;
    for (const bytes of PIECES) {
      while (addedBytes + bytes <= bytesMax) {
        const possession = await this.#open(bytes);
        if (possession === null) {
          refusedBytes = bytes;
          break;
        }
        this.#filling.push(possession);
        addedBytes += possession.bytes;
      }
    }
    return { addedBytes, refusedBytes };
  }

  async #open(bytes: number): Promise<Possession | null> {
    const workshop = this.#workshop;
    if (workshop === null) return null;
    const own = secret + 1 + this.#filling.length;
    return bytes === TEXTURE_BYTES ? PatternTexture.open(workshop, own) : PatternBuffer.open(workshop, { bytes, secret: own });
  }

  async #free(): Promise<GuestAccount> {
    for (const possession of this.#filling.splice(0)) possession.destroy();
    return this.#account();
  }

  async #draw(frameCount: number): Promise<string | null> {
    if (this.#workshop === null) return 'starved';
    const complaint = await drawFrames(this.#workshop, frameCount);
    if (complaint !== null && complaint !== 'starved') end({ type: 'wrong', text: complaint });
    return complaint;
  }

  async #escape(name: EscapeName): Promise<EscapeAnswer> {
    const request = name === 'latency-class' ? { latencyClass: this.#rounds % 2 === 0 ? 'interactive' : 'throughput' } : {};
    try {
      return { kind: 'answered', values: await provider.callEscape(this.#handle, name, request) };
    } catch (error) {
      const { code = 'none', message } = error as { code?: string; message: string };
      return { kind: 'refused', code: code === 'none' ? message : code };
    }
  }

  async #end(): Promise<never> {
    for (const possession of [this.#own, ...this.#filling]) if (possession !== null) await this.#verify(possession);
    end({ type: 'done', rounds: this.#rounds, verifiedBytes: this.#verifiedBytes });
  }
}

async function openGuest(): Promise<SoakGuest> {
  const handle = provider.create([]);
  try {
    const adapter = await handle.requestAdapter();
    const device = await adapter?.requestDevice();
    if (device === undefined) return end({ type: 'refused', code: 'no-adapter', text: 'There is no adapter.' });
    void device.lost.then(({ message }) => end({ type: 'lost', text: message }));
    device.onuncapturederror = ({ error }) => end({ type: 'error', text: error.message });
    return new SoakGuest(new GuestDevice(device), handle);
  } catch (error) {
    const { code = 'none', message } = error as { code?: string; message: string };
    return end({ type: 'refused', code: String(code), text: message });
  }
}

interface Asked {
  readonly id: number;
  readonly command: GuestCommand;
}

const asked: Asked[] = [];
createInterface({ input: process.stdin })
  .on('line', (line) => asked.push(JSON.parse(line) as Asked))
  // Its parent is gone.
  .on('close', () => process.exit(1));

/** Between two rounds, and in a pause. */
async function live(guest: SoakGuest): Promise<never> {
  let isPaused = false;
  for (;;) {
    const next = asked.shift();
    if (next !== undefined) {
      if (next.command.name === 'pause') isPaused = true;
      if (next.command.name === 'resume') isPaused = false;
      say({ type: 'answer', id: next.id, value: (await guest.perform(next.command)) ?? null });
    } else if (isPaused) await sleep(IDLE_MS);
    else {
      await guest.round();
      await sleep(pauseMs);
    }
  }
}

/** What waits for a GPU that is lost is told so as well. The loss is what counts, and it comes in a moment. */
async function failed(error: unknown): Promise<never> {
  await sleep(LOSS_MS_MAX);
  return end({ type: 'error', text: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
const LOSS_MS_MAX = 2_000;

const guest = await openGuest();
say({ type: 'ready' });
await live(guest).catch(failed);
