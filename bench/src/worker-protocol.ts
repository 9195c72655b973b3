/** What a worker tells the bench. The bench tells it one thing: to measure. */
export type WorkerReply =
  | { readonly type: 'ready'; readonly adapter: string }
  | { readonly type: 'figure'; readonly value: number }
  | { readonly type: 'failed'; readonly message: string };
