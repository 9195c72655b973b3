/**
 * The life of a pass: open until end(). A pass that was begun while its encoder could not begin one
 * is invalid from the start: its commands are ignored, and its end() is still due.
 */
import type { CommandEncoder } from './command-encoder.ts';

export class PassState {
  readonly encoder: CommandEncoder;
  readonly #name: string;
  #ended = false;

  constructor(encoder: CommandEncoder, name: string) {
    this.encoder = encoder;
    this.#name = name;
  }

  /** A command of a pass that may not record. */
  refuse(command: string): void {
    if (this.#ended) {
      this.encoder.device.injectError('validation', `${command}() was called on ${this.#name} after its end.`);
    } else if (this.encoder.isFinished) {
      this.encoder.device.injectError('validation', `${command}() was called on ${this.#name}, whose command encoder is finished.`);
    }
  }

  /** https://gpuweb.github.io/gpuweb/#dom-gpurenderpassencoder-end */
  end(pass: object, record: () => void): void {
    if (this.#ended || this.encoder.isFinished) return this.refuse('end');
    this.#ended = true;
    if (this.encoder.recorder.current === pass) record();
    this.encoder.passEnded(pass);
  }
}
