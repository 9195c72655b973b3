/** A system call failed. `code` is the errno's name (`ENOENT`), `errno` its value, as in Node's own errors. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly syscall: string;
  readonly code: string;
  readonly errno: number;

  constructor(options: { syscall: string; code: string; errno: number; detail?: string }) {
    const detail = options.detail === undefined ? '' : ` (${options.detail})`;
    super(`System call ${options.syscall}${detail} fails with ${options.code} (${options.errno}).`);
    this.syscall = options.syscall;
    this.code = options.code;
    this.errno = options.errno;
  }
}
