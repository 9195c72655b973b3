import type { Context } from '../context.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import { Kind } from '../generated/kinds.gen.ts';

type ObjectHandlers = Pick<Handlers, 'Context.release' | 'Object.setLabel'>;

/** What applies to objects of every kind. */
export function objectHandlers(context: Context): ObjectHandlers {
  const { table } = context;
  return {
    'Context.release'(handles) {
      for (const handle of handles) table.release(handle);
    },

    'Object.setLabel'(object, label) {
      const known = table.lookup(object);
      context.relabel(known, label);
      // The objects that stand for what we refused are shared, and an adapter has no label.
      if (known.state !== 'invalid' && known.kind !== Kind.GPUAdapter) (known.native as GPUObjectBase).label = label;
    },
  };
}
