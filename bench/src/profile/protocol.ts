/** What the profiling tool and the hooks in the profiled processes tell each other: JSON objects, one a line. */
export type Role = 'guest' | 'vf' | 'host';

export type HookCommand = { readonly type: 'begin' } | { readonly type: 'end'; readonly file: string };

export type HookReply =
  | { readonly type: 'hello'; readonly role: Role; readonly pid: number }
  | { readonly type: 'begun' }
  /** Processor time between begin and end: of all threads, and of the one that is profiled. */
  | { readonly type: 'ended'; readonly processMs: number; readonly mainThreadMs: number };
