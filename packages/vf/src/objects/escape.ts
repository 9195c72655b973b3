import type { Context } from '../context.ts';
import type { EscapeRegistry } from '../escapes/escape-registry.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';

/** Escapes wait in no queue of their own: they count as requests, like everything that is answered. */
export function escapeHandlers(context: Context, escapes: EscapeRegistry): Pick<Handlers, 'Context.escape'> {
  const { replies } = context;
  return {
    'Context.escape'(request, number, version, data) {
      replies.expect();
      const answer = escapes.answer({ number, version, data, featureLevel: context.featureLevel });
      if (answer.kind === 'answered') replies.escape(request, answer.words);
      else replies.error(request, answer);
    },
  };
}
