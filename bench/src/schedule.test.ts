import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Contestant, ContestantName, OpenContestant } from './contestant.ts';
import { type Plan, alternate } from './schedule.ts';

const PLAN: Plan = { workloadName: 'any', runCount: 4, samplesPerProcess: 2, isConcurrent: false };

/** Writes down what is asked of it, and gives 1, 2, 3, …; fails when it is told to. */
class Scripted implements Contestant {
  readonly name: ContestantName;
  readonly #log: string[];
  readonly #failAt: string;
  #count = 0;

  constructor(name: ContestantName, log: string[], failAt = '') {
    this.name = name;
    this.#log = log;
    this.#failAt = failAt;
  }

  reasonAgainst(): string | undefined {
    return this.#failAt === 'never' ? 'It has no part in this.' : undefined;
  }

  async open(): Promise<OpenContestant> {
    this.#do('open');
    return {
      adapter: `of ${this.name}`,
      measure: async () => {
        this.#do(`measure ${++this.#count}`);
        return this.#count;
      },
      close: async () => this.#do('close'),
    };
  }

  async close(): Promise<void> {}

  #do(what: string): void {
    this.#log.push(`${this.name} ${what}`);
    if (what === this.#failAt) throw new Error(`It fails at "${what}".`);
  }
}

test('contestants alternate in turn, each begins as often, and processes are replaced', async () => {
  const log: string[] = [];
  const { alternations, failures, adapters } = await alternate(PLAN, [new Scripted('native', log), new Scripted('gpup', log)], () => {});
  deepEqual(log, [
    ...['native open', 'gpup open', 'native measure 1', 'gpup measure 1', 'gpup measure 2', 'native measure 2'],
    ...['native close', 'gpup close'],
    ...['native open', 'gpup open', 'native measure 3', 'gpup measure 3', 'gpup measure 4', 'native measure 4'],
    ...['native close', 'gpup close'],
  ]);
  deepEqual(alternations.map((each) => [each.get('native'), each.get('gpup')]), [[1, 1], [2, 2], [3, 3], [4, 4]]);
  equal(failures.size, 0);
  equal(adapters.get('gpup'), 'of gpup');
});

for (const failAt of ['open', 'measure 1', 'measure 3']) {
  test(`one that fails (${failAt}) loses its own figures and nobody else's`, async () => {
    const log: string[] = [];
    const { alternations, failures } = await alternate(PLAN, [new Scripted('native', log), new Scripted('tuned', log, failAt), new Scripted('gpup', log)], () => {});
    deepEqual([...failures.keys()], ['tuned']);
    deepEqual(alternations.map((each) => [each.get('native'), each.get('tuned'), each.get('gpup')]), [1, 2, 3, 4].map((value) => [value, undefined, value]));
    equal(log.filter((line) => line === 'native close').length, 2);
    equal(log.filter((line) => line === 'tuned measure 4').length, 0);
  });
}

test('one that takes no part is named with its reason, and is never opened', async () => {
  const log: string[] = [];
  const { alternations, failures, leftOut } = await alternate(PLAN, [new Scripted('gpup', log), new Scripted('chromium', log, 'never')], () => {});
  deepEqual([...leftOut], [['chromium', 'It has no part in this.']]);
  deepEqual([failures.size, alternations.length, log.some((line) => line.startsWith('chromium'))], [0, 4, false]);
});
