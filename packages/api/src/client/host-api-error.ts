/** Why the host did not do what was asked, or that there is none. */
export class HostApiError extends Error {
  override readonly name = 'HostApiError';
  /** Stable, for programs: the host's own (`partition-exists`, …), or `no-host`, `host-gone`, `no-answer`, `bad-answer` of this side. */
  readonly code: string;
  /** The field of the request that is wrong, as a path; undefined where no single one is. */
  readonly field: string | undefined;
  /** Of the answer; 0 where there was none. */
  readonly status: number;

  constructor(code: string, message: string, more: { readonly field?: string | undefined; readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.code = code;
    this.field = more.field;
    this.status = more.status ?? 0;
  }
}
