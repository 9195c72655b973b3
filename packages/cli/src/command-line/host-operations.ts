import { PF_LIMITS } from '@gpup/pf';
import { SORT_KEYS } from '../top/sorting.ts';
import { UsageError } from '../usage-error.ts';
import { command } from './command.ts';
import { choice, flag, value, wholeNumber, word } from './option.ts';
import { HOST, JSON_OUTPUT } from './shared-options.ts';

const MODES = ['partitioned', 'dda'] as const;
const POLICIES = ['best-effort', 'equal-share', 'fixed-share'] as const;
/** As in the API. */
const LOG_LINES_MAX = 10_000;
const LOG_LINES_DEFAULT = 200;
const INTERVAL_SECONDS = { min: 0.1, max: 3600, standard: 1 } as const;

/** Adapters, guests, and what the running host tells of them. */
export const HOST_COMMANDS = [
  command({
    path: 'adapters',
    summary: "Show the host's adapters",
    description: 'Shows the adapters of the running host: how each is used, and what of it is left for new partitions.',
    options: { ...JSON_OUTPUT, ...HOST },
    build: ({ json, host }) => ({ kind: 'adapters', json, host }),
  }),
  command({
    path: 'adapter set',
    summary: 'Set how an adapter is used, and how partitions share its time',
    description:
      'Sets how an adapter is used. partitioned: guests share it by partitions. dda: one guest owns it whole, with no quota and no scheduler in its way; a second guest is refused. An adapter that has partitions keeps its mode. With --policy it sets how partitions share its time, at once, while guests run. best-effort: nobody waits, and the driver shares. equal-share: each partition that has a guest gets as much as each other one, whether it uses it or not. fixed-share: each has its share (--compute), whether others run or not. Longer turns lose less to switches; shorter ones wait less for each other. docs/scheduling.md says more.',
    operands: [{ name: 'ID', help: 'the adapter, as gpup adapters shows it: hardware-0, software-0' }],
    options: {
      mode: choice(MODES, 'how it is used'),
      policy: choice(POLICIES, 'how partitions share its time'),
      slice: value('MS', `how long a turn lasts (${PF_LIMITS.sliceMsMin} to ${PF_LIMITS.sliceMsMax} ms)`, wholeNumber({ min: PF_LIMITS.sliceMsMin, max: PF_LIMITS.sliceMsMax })),
      ...JSON_OUTPUT,
      ...HOST,
    },
    examples: ['gpup adapter set software-1 --mode dda', 'gpup adapter set hardware-0 --policy equal-share --slice 10'],
    build: ({ mode, policy, slice, json, host }, [id = '']) => {
      if (mode === undefined && policy === undefined && slice === undefined) throw new UsageError('Nothing is given to change: --mode, --policy or --slice.');
      const scheduling = { ...(policy === undefined ? {} : { policy }), ...(slice === undefined ? {} : { sliceMs: slice }) };
      return { kind: 'adapter-set', id, mode, scheduling, json, host };
    },
  }),
  command({
    path: 'ps',
    summary: 'Show the guests that have a GPU open',
    description: 'Shows the contexts of the running host: each is one guest process (or worker) with a virtual function of its own.',
    options: { partition: value('NAME', 'only those of one partition', word), ...JSON_OUTPUT, ...HOST },
    build: ({ partition, json, host }) => ({ kind: 'ps', partition, json, host }),
  }),
  command({
    path: 'top',
    summary: 'Watch what the partitions do',
    description:
      "Shows, of each partition and anew each interval: the share of the adapter's time that it held against what it is promised (under best-effort nothing is), the memory in use of what it has, submits a second, and how long these took (half of them, and 99 of 100, right to a factor of two), with a graph of the share. On a terminal until q is pressed; keys change the order, arrows scroll. Elsewhere as text, one picture below the other. A host that ends is waited for.",
    options: {
      interval: value('SECONDS', `how often (default ${INTERVAL_SECONDS.standard})`, interval),
      sort: choice(SORT_KEYS, 'the order of the partitions (default share); on a terminal the first letter of each does the same'),
      once: flag('show one interval, and end'),
      json: flag('print one JSON object a line, for programs: "rates", or "gone" where the host could not be asked'),
      ...HOST,
    },
    examples: ['gpup top', 'gpup top --interval 5 --sort memory', 'gpup top --json --once'],
    build: ({ interval: intervalSeconds = INTERVAL_SECONDS.standard, sort = 'share', once, json, host }) => ({ kind: 'top', intervalMs: Math.round(intervalSeconds * 1000), sort, once, json, host }),
  }),
  command({
    path: 'logs',
    summary: "Show the host's log",
    description: "Shows the newest lines of the running host's log, the oldest first.",
    options: {
      lines: value('N', `this many at most (default ${LOG_LINES_DEFAULT})`, wholeNumber({ min: 1, max: LOG_LINES_MAX })),
      follow: flag('go on with what comes, until interrupted'),
      ...HOST,
    },
    build: ({ lines = LOG_LINES_DEFAULT, follow, host }) => ({ kind: 'logs', lines, follow, host }),
  }),
  command({
    path: 'events',
    summary: 'Show what happens on the host, as it happens',
    description: 'Shows partitions that come, change and go, contexts that open and end, and timeouts, until interrupted. Each event has a number; after an interruption --after goes on where it was.',
    options: {
      after: value('N', 'begin with the events after this number, as far as the host has kept them', wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER })),
      json: flag('print one JSON object a line, for programs'),
      ...HOST,
    },
    build: ({ after, json, host }) => ({ kind: 'events', after, json, host }),
  }),
] as const;

function interval(text: string, option: string): number {
  const seconds = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= INTERVAL_SECONDS.min && seconds <= INTERVAL_SECONDS.max) return seconds;
  throw new UsageError(`${option} (${text}) is not a number of seconds from ${INTERVAL_SECONDS.min} to ${INTERVAL_SECONDS.max}.`);
}
