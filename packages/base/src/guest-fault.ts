/**
 * The guest broke the protocol. There is one catch for it, in the VF's command loop: that VF is
 * lost with this reason and nothing else notices.
 *
 * `code` is a short stable word (`ring-index`, `bad-opcode`, …): metrics and the fuzzer count by it.
 */
export class GuestFault extends Error {
  override readonly name = 'GuestFault';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
