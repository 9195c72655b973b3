import type { ByteDuplex, Doorbell, Scheduler } from '@gpup/bus';

/** An event loop that is turned by hand, and in which no time passes. */
export class HandScheduler implements Scheduler {
  readonly sleep = null;
  nowMsValue = 0;
  #due: (() => void)[] = [];

  soon(callback: () => void): void {
    this.#due.push(callback);
  }

  later(callback: () => void): void {
    this.#due.push(callback);
  }

  nowMs(): number {
    return this.nowMsValue;
  }

  get isIdle(): boolean {
    return this.#due.length === 0;
  }

  turn(): void {
    const due = this.#due;
    this.#due = [];
    for (const callback of due) callback();
  }
}

export class HandDoorbell implements Doorbell {
  onRing: () => void = () => {};
  onPeerGone: (message: string) => void = () => {};

  ring(): void {}
  isPeerAlive(): boolean {
    return true;
  }
  setWaiting(): void {}
  close(): void {}
}

/** A byte stream whose other end is the fuzzer: it takes only as many bytes as it is told to. */
export class HandDuplex implements ByteDuplex {
  onBytes: (bytes: Uint8Array) => void = () => {};
  onWritable: () => void = () => {};
  onEnd: (message: string) => void = () => {};
  readonly waitForRoom = null;
  readonly waitForBytes = null;
  readonly written: number[] = [];
  roomBytes = 0;
  isReading = true;
  isClosed = false;

  write(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.roomBytes);
    this.roomBytes -= taken;
    for (let i = 0; i < taken; i++) this.written.push(bytes[i] as number);
    return taken;
  }

  pauseReading(): void {
    this.isReading = false;
  }
  resumeReading(): void {
    this.isReading = true;
  }
  setWaiting(): void {}
  close(): void {
    this.isClosed = true;
  }
}
