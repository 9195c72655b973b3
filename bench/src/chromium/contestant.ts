import { type Browser, type Page, chromium } from 'playwright-core';
import type { Contestant, OpenContestant, ProgramAge } from '../contestant.ts';
import type { PageBench } from './page.ts';
import { type PageServer, servePage } from './server.ts';

/** The software GPU for WebGPU itself, and nothing that talks to anybody. */
const FLAGS = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
] as const;

/** What a call may take: setting up a library compiles many shaders. */
const CALL_MS_MAX = 120_000;

declare const bench: PageBench;

/** Chromium's WebGPU, in a headless browser: each workload in a page of its own. */
export class ChromiumContestant implements Contestant {
  readonly name = 'chromium';
  readonly #portable: readonly string[];
  readonly #age: ProgramAge;
  readonly #browser: Browser;
  readonly #server: PageServer;

  private constructor(portable: readonly string[], age: ProgramAge, { browser, server }: { readonly browser: Browser; readonly server: PageServer }) {
    this.#portable = portable;
    this.#age = age;
    this.#browser = browser;
    this.#server = server;
  }

  /** `portable`: the workloads that can run in a page. */
  static async start(executablePath: string, portable: readonly string[], age: ProgramAge = 'steady'): Promise<ChromiumContestant> {
    // Its own copy of the driver, not the one that this process's environment may name.
    const environment = Object.entries(process.env).filter(([name]) => !/^VK_|^LD_LIBRARY_PATH$/.test(name)) as [string, string][];
    const browser = await chromium.launch({ executablePath, args: FLAGS, ignoreDefaultArgs: ['--disable-gpu'], env: Object.fromEntries(environment) });
    try {
      return new ChromiumContestant(portable, age, { browser, server: await servePage() });
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  get version(): string {
    return this.#browser.version();
  }

  reasonAgainst(workloadName: string): string | undefined {
    return this.#portable.includes(workloadName) ? undefined : 'It is about processes, and a page is none.';
  }

  async open(workloadName: string): Promise<OpenContestant> {
    const page = await this.#browser.newPage();
    try {
      await page.goto(this.#server.url);
      const adapter = await within(page, page.evaluate(([name, age]) => bench.open(name, age), [workloadName, this.#age] as const));
      return { adapter, measure: () => within(page, page.evaluate(() => bench.measure())), close: () => page.close() };
    } catch (error) {
      await page.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#server.close();
    await this.#browser.close();
  }
}

function within<T>(page: Page, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The page said nothing for ${CALL_MS_MAX / 1000} s.`)), CALL_MS_MAX);
    page.on('crash', () => reject(new Error('The page crashed.')));
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
