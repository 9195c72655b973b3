import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { PF_LIMITS } from '@gpup/pf';
import { EMPTY_ACCOUNT, type Reading, VRAM_UNIT_BYTE_SECONDS, advance } from './meter-account.ts';
import { Meter, type MeterState } from './meter.ts';
import { loadUsage, saveUsage } from './usage-file.ts';

const SECOND = 1_000_000;
const reading = (atUs: number, more: Partial<Reading> = {}): Reading => ({ page: 'a', atUs, gpuTimeUs: 0, vramBytes: 0, contextCount: 1, ...more });

describe('an account', () => {
  const over = (...readings: Reading[]) => readings.reduce(advance, EMPTY_ACCOUNT);

  test('counts what the page counts', () => {
    const { gpuTimeUs } = over(reading(0), reading(SECOND, { gpuTimeUs: 300 }), reading(2 * SECOND, { gpuTimeUs: 800 }));
    equal(gpuTimeUs, 800);
  });

  test('counts memory by the mean of two readings, and loses nothing that is less than a unit', () => {
    const bytes = VRAM_UNIT_BYTE_SECONDS;
    equal(over(reading(0), reading(SECOND, { vramBytes: 2 * bytes })).vramUnits, 1);
    const many = Array.from({ length: 81 }, (_, index) => reading((index * SECOND) / 8, { vramBytes: bytes }));
    equal(over(reading(0, { page: 'z' }), ...many).vramUnits, 10);
  });

  test('never falls, whatever a page says', () => {
    const { gpuTimeUs, vramUnits } = over(reading(0), reading(SECOND, { gpuTimeUs: 500, vramBytes: 2 ** 30 }), reading(0, { gpuTimeUs: 0, vramBytes: 0 }));
    deepEqual([gpuTimeUs, vramUnits > 0], [500, true]);
  });

  test('rises no faster than contexts can use an adapter', () => {
    const absurd = { gpuTimeUs: Number.MAX_SAFE_INTEGER };
    equal(over(reading(0), reading(SECOND, absurd)).gpuTimeUs, SECOND);
    equal(over(reading(0), reading(SECOND, { ...absurd, contextCount: 3 })).gpuTimeUs, 3 * SECOND);
    // What was too much is not charged later.
    equal(over(reading(0), reading(SECOND, absurd), reading(9 * SECOND, absurd)).gpuTimeUs, SECOND);
  });

  test('charges a long submit when it ends, all at once', () => {
    equal(over(reading(0), reading(SECOND), reading(2 * SECOND, { gpuTimeUs: 2 * SECOND })).gpuTimeUs, 2 * SECOND);
  });

  test('goes on with another page, which counts from zero', () => {
    const { gpuTimeUs } = over(reading(0), reading(SECOND, { gpuTimeUs: 900 }), reading(2 * SECOND, { page: 'b', gpuTimeUs: 50 }), reading(3 * SECOND, { page: 'b', gpuTimeUs: 70 }));
    equal(gpuTimeUs, 970);
  });
});

/** A meter over restarts of its daemon; what it saves is all that a next one has. */
class Scene {
  saved: MeterState | null = null;
  nowMs = 1_800_000_000_000;
  isFull = false;
  readonly faults: string[] = [];
  meter = this.#open();

  #open(): Meter {
    return new Meter({
      saved: this.saved,
      save: (state) => {
        if (this.isFull) throw new Error('No space.');
        this.saved = structuredClone(state);
      },
      nowMs: () => this.nowMs,
      onFault: (message) => this.faults.push(message),
    });
  }

  restart(): void {
    this.meter = this.#open();
  }

  gpuSeconds(tenant: string | null): number {
    this.meter.tick();
    return this.meter.report().tenants.find((entry) => entry.tenant === tenant)?.gpuSeconds ?? 0;
  }
}

const partition = (name: string, tenant: string | null = 'acme', createdMs = 1) => ({ name, tenant, adapter: 'software-0', createdMs });

describe('a meter', () => {
  test('tells nothing that it has not saved', () => {
    const scene = new Scene();
    scene.meter.follow([partition('p')]);
    scene.meter.observe('p', reading(0));
    scene.meter.observe('p', reading(SECOND, { gpuTimeUs: SECOND }));
    const told = (): readonly unknown[] => scene.meter.report().tenants;
    deepEqual(told(), []);
    scene.meter.save();
    deepEqual(told(), []);
    scene.meter.tick();
    deepEqual(told(), [{ tenant: 'acme', gpuSeconds: 1, vramByteHours: 0 }]);
    scene.restart();
    deepEqual(told(), [{ tenant: 'acme', gpuSeconds: 1, vramByteHours: 0 }]);
    equal(scene.gpuSeconds('acme'), 1);
  });

  test('tells at its ticks alone: another\'s coming and going shows nowhere', () => {
    const scene = new Scene();
    scene.meter.follow([partition('p'), partition('q', 'rival')]);
    scene.meter.observe('p', reading(0));
    scene.meter.tick();
    const before = scene.meter.report();
    scene.nowMs += 1000;
    scene.meter.observe('p', reading(SECOND, { gpuTimeUs: SECOND }));
    scene.meter.follow([partition('p')]);
    deepEqual(scene.meter.report(), before);
    // A tick at which nothing has happened looks like any other.
    scene.meter.tick();
    equal(scene.meter.report().atMs, scene.nowMs);
    scene.nowMs += 1000;
    scene.meter.tick();
    equal(scene.meter.report().atMs, scene.nowMs);
  });

  test('has no place for more tenants than its file may hold, and drops nobody for another', () => {
    const directory = mkdtempSync(join(tmpdir(), 'gpup-usage-'));
    after(() => rmSync(directory, { recursive: true, force: true }));
    const earlier = Array.from({ length: PF_LIMITS.usageTenantsMax - 2 }, (_, index) => ({ tenant: `t${index}${'x'.repeat(PF_LIMITS.partitionNameLengthMax)}`.slice(0, PF_LIMITS.partitionNameLengthMax), gpuTimeUs: Number.MAX_SAFE_INTEGER, vramUnits: Number.MAX_SAFE_INTEGER }));
    const scene = new Scene();
    scene.saved = { sinceMs: 0, savedMs: 0, lives: [], earlier };
    scene.restart();
    for (const tenant of ['one', null]) {
      scene.meter.admit(tenant);
      scene.meter.follow([partition('p', tenant)]);
    }
    for (const tenant of ['one', null, earlier[0]?.tenant ?? '']) scene.meter.admit(tenant);
    throws(() => scene.meter.admit('other'), { code: 'tenants-exhausted', field: 'tenant', message: /65536/ });
    scene.meter.save();
    const path = join(directory, 'usage.json');
    saveUsage(path, scene.saved as MeterState);
    deepEqual(loadUsage(path), scene.saved);
  });

  test('that cannot save stands still, says so once, and goes on when it can', () => {
    const scene = new Scene();
    scene.meter.follow([partition('p')]);
    scene.meter.observe('p', reading(0));
    scene.isFull = true;
    for (const second of [1, 2, 3]) {
      scene.meter.observe('p', reading(second * SECOND, { gpuTimeUs: second * SECOND }));
      scene.meter.tick();
    }
    deepEqual([scene.gpuSeconds('acme'), scene.faults.length], [0, 1]);
    scene.isFull = false;
    equal(scene.gpuSeconds('acme'), 3);
  });

  test('loses nothing to a killed daemon whose VFs live on: the same page goes on', () => {
    const scene = new Scene();
    scene.meter.follow([partition('p')]);
    scene.meter.observe('p', reading(0, { vramBytes: VRAM_UNIT_BYTE_SECONDS }));
    scene.meter.observe('p', reading(SECOND, { gpuTimeUs: 400, vramBytes: VRAM_UNIT_BYTE_SECONDS }));
    scene.meter.save();
    scene.meter.observe('p', reading(3 * SECOND, { gpuTimeUs: 900, vramBytes: VRAM_UNIT_BYTE_SECONDS }));
    scene.restart();
    scene.meter.follow([partition('p')]);
    scene.meter.observe('p', reading(10 * SECOND, { gpuTimeUs: 1500, vramBytes: VRAM_UNIT_BYTE_SECONDS }));
    scene.meter.save();
    const [life] = scene.saved?.lives ?? [];
    deepEqual([life?.account.gpuTimeUs, life?.account.vramUnits], [1500, 10]);
  });

  test('loses what was not saved where the VFs are gone as well, and charges no time in between', () => {
    const scene = new Scene();
    scene.meter.follow([partition('p')]);
    scene.meter.observe('p', reading(0));
    scene.meter.observe('p', reading(SECOND, { gpuTimeUs: 400, vramBytes: 2 ** 30 }));
    scene.meter.save();
    const unitsBefore = scene.saved?.lives[0]?.account.vramUnits;
    scene.meter.observe('p', reading(2 * SECOND, { gpuTimeUs: 900, vramBytes: 2 ** 30 }));
    scene.restart();
    scene.meter.follow([partition('p')]);
    // The monotonic clock may have begun anew, or have gone on for days.
    for (const atUs of [1000 * SECOND, 1001 * SECOND]) scene.meter.observe('p', reading(atUs, { page: 'b', gpuTimeUs: 0 }));
    scene.meter.save();
    const [life] = scene.saved?.lives ?? [];
    deepEqual([life?.account.gpuTimeUs, life?.account.vramUnits], [400, unitsBefore]);
  });

  test('gives a partition of the same name an account of its own, and its tenant keeps the sum', () => {
    const scene = new Scene();
    const use = (name: string): void => {
      scene.meter.observe(name, reading(0));
      scene.meter.observe(name, reading(SECOND, { gpuTimeUs: SECOND }));
    };
    scene.meter.follow([partition('p', 'acme', 1)]);
    use('p');
    scene.meter.follow([]);
    scene.meter.follow([partition('p', 'rival', 2)]);
    use('p');
    scene.meter.tick();
    deepEqual(scene.meter.report().partitions.map(({ tenant, createdMs, removedMs, gpuSeconds }) => [tenant, createdMs, removedMs !== null, gpuSeconds]), [['acme', 1, true, 1], ['rival', 2, false, 1]]);
    // Nor does a removal that a crash has hidden from it mix the two.
    scene.meter.follow([partition('p', 'acme', 3)]);
    scene.meter.tick();
    deepEqual(scene.meter.report().partitions.map(({ tenant, removedMs }) => [tenant, removedMs !== null]), [['acme', true], ['rival', true], ['acme', false]]);
    deepEqual([scene.gpuSeconds('acme'), scene.gpuSeconds('rival')], [1, 1]);
  });

  test('tells of the newest removed partitions one by one, and of the others in their tenants\' sums', () => {
    const scene = new Scene();
    const count = PF_LIMITS.usageRemovedMax + 1;
    for (let index = 0; index < count; index++) {
      scene.meter.follow([partition('p', `t${index % 2}`, index + 1)]);
      scene.meter.observe('p', reading(0));
      scene.meter.observe('p', reading(SECOND, { gpuTimeUs: SECOND }));
    }
    scene.meter.follow([]);
    scene.meter.tick();
    const { partitions } = scene.meter.report();
    deepEqual([partitions.length, partitions[0]?.createdMs], [PF_LIMITS.usageRemovedMax, 2]);
    equal(scene.gpuSeconds('t0') + scene.gpuSeconds('t1'), count);
    scene.restart();
    equal(scene.gpuSeconds('t0') + scene.gpuSeconds('t1'), count);
  });

  test('reads of partitions that it does not know are nobody\'s', () => {
    const scene = new Scene();
    scene.meter.observe('none', reading(0));
    deepEqual(scene.meter.report().partitions, []);
  });
});

/** One life of a partition, as it really was. */
interface Truth {
  readonly tenant: string;
  readonly createdMs: number;
  gpuTimeUs: number;
  /** All that a crash may take: what came after the last save while its page was lost as well. */
  lostUs: number;
  unsavedUs: number;
  page: number;
  pageUs: number;
  bytes: number;
}

// The naive model: what was used is added up where it is used. Deaths of VFs do not matter: their counts stay on the page.
for (const seed of seeds(7, 2026)) {
  test(`figures agree with what was used, over restarts, lost pages, removals and names that come again, seed ${seed}`, () => {
    const random = new Random(seed);
    const scene = new Scene();
    const living = new Map<string, Truth>();
    const gone: Truth[] = [];
    let atUs = 0;
    let pages = 0;
    let serial = 0;
    let told = new Map<string | null, readonly [number, number]>();

    const follow = (): void => scene.meter.follow([...living].map(([name, { tenant, createdMs }]) => partition(name, tenant, createdMs)));
    const observe = (): void => {
      for (const [name, truth] of living) scene.meter.observe(name, reading(atUs, { page: String(truth.page), gpuTimeUs: truth.pageUs, vramBytes: truth.bytes }));
    };
    const save = (): void => {
      scene.meter.tick();
      for (const truth of living.values()) truth.unsavedUs = 0;
    };
    const check = (): void => {
      const now = new Map(scene.meter.report().tenants.map(({ tenant, gpuSeconds, vramByteHours }) => [tenant, [gpuSeconds, vramByteHours] as const]));
      for (const [tenant, [gpuSeconds, byteHours]] of told) {
        const [nowSeconds, nowHours] = now.get(tenant) ?? [0, 0];
        ok(nowSeconds >= gpuSeconds && nowHours >= byteHours, `seed ${seed}: a figure of ${tenant} has fallen`);
      }
      told = now;
    };
    const newPage = (truth: Truth): void => {
      truth.page = ++pages;
      truth.pageUs = 0;
    };

    for (let step = 0; step < 600; step++) {
      const names = [...living.keys()];
      const name = names[random.below(Math.max(1, names.length))];
      const truth = name === undefined ? undefined : living.get(name);
      switch (random.below(8)) {
        case 0: {
          const made = `p${random.below(4)}`;
          if (living.has(made)) break;
          const begun: Truth = { tenant: `t${random.below(2)}`, createdMs: ++serial, gpuTimeUs: 0, lostUs: 0, unsavedUs: 0, page: 0, pageUs: 0, bytes: 0 };
          newPage(begun);
          living.set(made, begun);
          follow();
          observe();
          save();
          break;
        }
        case 1:
          // The daemon reads the page once more before it drops it.
          observe();
          save();
          if (name === undefined || truth === undefined || random.below(3) > 0) break;
          living.delete(name);
          gone.push(truth);
          follow();
          break;
        case 2:
          // Killed: the pages are there still, or are not.
          scene.restart();
          for (const each of living.values()) {
            if (random.below(2) === 0) continue;
            each.lostUs += each.unsavedUs;
            each.unsavedUs = 0;
            each.bytes = 0;
            newPage(each);
          }
          follow();
          observe();
          save();
          break;
        case 3:
          observe();
          break;
        case 4:
          if (truth !== undefined) truth.bytes = random.skewed(2 ** 33);
          break;
        default: {
          const elapsedUs = random.between(1, 2 * SECOND);
          atUs += elapsedUs;
          for (const each of living.values()) {
            const workUs = random.below(elapsedUs + 1);
            each.gpuTimeUs += workUs;
            each.pageUs += workUs;
            each.unsavedUs += workUs;
          }
        }
      }
      check();
    }
    observe();
    save();
    check();
    for (const tenant of ['t0', 't1']) {
      const lives = [...gone, ...living.values()].filter((life) => life.tenant === tenant);
      const [usedUs, lostUs] = lives.reduce(([used, lost], life) => [used + life.gpuTimeUs, lost + life.lostUs], [0, 0]);
      const meteredUs = Math.round(scene.gpuSeconds(tenant) * 1e6);
      ok(meteredUs <= usedUs, `${tenant} is charged for ${meteredUs} us of ${usedUs}`);
      ok(meteredUs >= usedUs - lostUs, `${tenant} is charged for ${meteredUs} us of ${usedUs}, of which ${lostUs} could be lost`);
    }
  });
}

describe('the file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-usage-'));
  after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'usage.json');

  test('is what was saved, for its owner alone', () => {
    const scene = new Scene();
    scene.meter.follow([partition('p'), partition('q', null)]);
    scene.meter.observe('p', reading(0));
    scene.meter.observe('p', reading(SECOND / 3, { gpuTimeUs: 7, vramBytes: 2 ** 35 }));
    scene.meter.follow([partition('q', null)]);
    equal(loadUsage(path), null);
    saveUsage(path, scene.saved as MeterState);
    deepEqual(loadUsage(path), scene.saved);
    equal(statSync(path).mode & 0o777, 0o600);
  });

  for (const [what, text] of [
    ['half of it', '{"version": 1, '],
    ['another version', '{"version": 2}'],
    ['a negative figure', '{"version":1,"sinceMs":1,"savedMs":1,"lives":[],"earlier":[{"tenant":null,"gpuTimeUs":-1,"vramUnits":0}]}'],
    ['no list', '{"version":1,"sinceMs":1,"savedMs":1,"lives":{},"earlier":[]}'],
  ] as const) {
    test(`with ${what} is refused, and kept`, () => {
      writeFileSync(path, text);
      throws(() => loadUsage(path), { code: 'usage-damaged', message: new RegExp(path) });
      equal(readFileSync(path, 'utf8'), text);
    });
  }
});
