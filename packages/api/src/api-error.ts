import { Refusal } from '@gpup/pf/refusal';
import { type ApiCode, statusOf } from './statuses.ts';

/** A request that the API itself refuses, before it reaches the host. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiCode;
  readonly field: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ApiCode, message: string, more: { readonly field?: string; readonly headers?: Readonly<Record<string, string>> } = {}) {
    super(message);
    this.code = code;
    this.field = more.field;
    this.headers = more.headers ?? {};
  }
}

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: { readonly code: string; readonly message: string; readonly field?: string } };
}

/** What is neither our refusal nor the host's is a bug, and none of the peer's business: undefined. */
export function errorAnswer(error: unknown): ErrorAnswer | undefined {
  if (!(error instanceof ApiError || error instanceof Refusal)) return undefined;
  const { code, message, field } = error;
  return {
    status: statusOf(code),
    headers: error instanceof ApiError ? error.headers : {},
    body: { error: { code, message, ...(field === undefined ? {} : { field }) } },
  };
}

export const INTERNAL = new ApiError('internal', "The host failed at this; its log has the reason.");
