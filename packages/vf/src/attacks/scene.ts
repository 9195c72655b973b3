import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, closeSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { closeDescriptor, createSocketPair, descriptorOf, sendDescriptors } from '@gpup/os';
import { forgoIoUring } from '@gpup/sandbox';
import type { IsolationMode } from '@gpup/sandbox/measures';
import { encodeAssignment } from '../boot/assignment.ts';
import { VF_CONFIG_VARIABLE, VF_CONTROL_FD, encodeVfConfig } from '../boot/config.ts';
import type { Attack, Targets } from './attacks.ts';
import { call, unixAddress } from './native.ts';
import { ORDERS_FD, type Outcome } from './order.ts';
import { VICTIM_WORD } from './victim-word.ts';

const VF = fileURLToPath(new URL('./attacked-vf.js', import.meta.url));
const VICTIM = fileURLToPath(new URL('./victim.js', import.meta.url));

/** Those that an attack is aimed at: a process like another VF, the host (this process), its sockets, its files. */
export class Scene {
  readonly directory = mkdtempSync(join(tmpdir(), 'gpup-attack-'));
  readonly #servers: Server[] = [];
  #victim: ChildProcess | undefined;
  #targets: Targets | undefined;
  #abstractFd: number | undefined;

  async set(): Promise<Targets> {
    const { directory } = this;
    for (const name of ['cwd', 'mount-point']) mkdirSync(join(directory, name));
    for (const name of ['secret', 'to-rename', 'to-remove', 'to-change']) writeFileSync(join(directory, name), 'secret\n');
    const apiSocketPath = join(directory, 'api.sock');
    const abstractName = `gpup-attack-${process.pid}`;
    await this.#listen(apiSocketPath);
    this.#listenAbstract(abstractName);
    const tcpPort = await this.#listen(0);
    this.#victim = spawn(process.execPath, [VICTIM], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [address] = (await once(this.#victim.stdout as NonNullable<ChildProcess['stdout']>, 'data')) as [Buffer];
    this.#targets = { victimPid: this.#victim.pid as number, victimAddress: Number(String(address)), victimWord: VICTIM_WORD, hostPid: process.pid, apiSocketPath, abstractName, tcpPort, directory, secretPath: join(directory, 'secret') };
    return this.#targets;
  }

  get targets(): Targets {
    return this.#targets as Targets;
  }

  /** Before the next attack everything is as it was. */
  reset(): void {
    for (const name of readdirSync(this.directory)) if (name.startsWith('attack.') || name === 'renamed') rmSync(join(this.directory, name), { recursive: true, force: true });
    for (const name of ['to-rename', 'to-remove', 'to-change']) writeFileSync(join(this.directory, name), '');
    for (const name of readdirSync(join(this.directory, 'cwd'))) rmSync(join(this.directory, 'cwd', name), { force: true });
  }

  close(): void {
    this.#victim?.kill('SIGKILL');
    for (const server of this.#servers) server.close();
    if (this.#abstractFd !== undefined) closeDescriptor(this.#abstractFd);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Node gives such names another length than they have. */
  #listenAbstract(name: string): void {
    const address = unixAddress(`\0${name}`);
    this.#abstractFd = call('socket', 1, 1, 0);
    call('bind', this.#abstractFd, address, address.length);
    call('listen', this.#abstractFd, 8);
  }

  #listen(at: string | number): Promise<number> {
    const server = createServer((socket) => socket.on('error', () => {}).destroy());
    this.#servers.push(server);
    return new Promise((resolve) => {
      const listening = (): void => resolve((server.address() as { readonly port?: number } | null)?.port ?? 0);
      if (typeof at === 'number') server.listen(at, '127.0.0.1', listening);
      else server.listen(at, listening);
    });
  }
}

/** How an attack came out: null, it succeeded; else an errno's name, or how the process ended. */
export type Verdict = string | null;

export interface AttackedVfOptions {
  readonly isolation: IsolationMode;
  readonly scene: Scene;
  readonly environment: Readonly<Record<string, string>>;
}

/** A VF process that has a guest, and an attacker inside. This process is its host and its guest. */
export class AttackedVf {
  readonly #options: AttackedVfOptions;
  readonly #child: ChildProcess;
  readonly #guestFd: number;
  readonly #ended: Promise<string>;
  #answered: (outcome: Outcome) => void = () => {};
  isAlive = true;

  private constructor(options: AttackedVfOptions) {
    this.#options = options;
    const { isolation, scene, environment } = options;
    const config = { hostPid: process.pid, dawnFlags: [], adapter: 'software', isolation, survivalPath: null } as const;
    if (isolation !== 'off') forgoIoUring();
    const logFd = openSync(join(scene.directory, 'vf.log'), 'a', 0o600);
    // As much of a core dump as shows that there is one, where the machine lets us.
    this.#child = spawn('/bin/sh', ['-c', 'ulimit -c 2048; exec "$@"', 'sh', process.execPath, '--expose-gc', VF], {
      cwd: join(scene.directory, 'cwd'),
      env: { ...environment, [VF_CONFIG_VARIABLE]: encodeVfConfig(config) },
      stdio: ['ignore', 'ignore', logFd, 'pipe', 'pipe'],
    });
    closeSync(logFd);
    this.#ended = once(this.#child, 'exit').then(([code, signal]) => {
      this.isAlive = false;
      return String(signal ?? code);
    });
    createInterface({ input: this.#child.stdio[ORDERS_FD] as Socket }).on('line', (line) => this.#answered(JSON.parse(line) as Outcome));
    for (const fd of [VF_CONTROL_FD, ORDERS_FD]) this.#child.stdio[fd]?.on('error', () => {});
    this.#guestFd = this.#assign();
  }

  static async start(options: AttackedVfOptions): Promise<AttackedVf> {
    const vf = new AttackedVf(options);
    await vf.#ready();
    return vf;
  }

  #assign(): number {
    const [guestFd, dataFd] = createSocketPair();
    const assignment = encodeAssignment({ transport: 'aperture', heapBytes: null, vramBytes: null, escapes: [], captures: false });
    sendDescriptors(descriptorOf(this.#child.stdio[VF_CONTROL_FD] as Socket) as number, assignment, [dataFd]);
    closeDescriptor(dataFd);
    return guestFd;
  }

  async #ready(): Promise<void> {
    const said = new Promise<void>((resolve) => {
      let text = '';
      this.#child.stdio[VF_CONTROL_FD]?.on('data', (chunk: Buffer) => {
        text += String(chunk);
        if (text.includes('"type":"ready"')) resolve();
      });
    });
    const ended = this.#ended.then((how) => Promise.reject(new Error(`The VF ended before it was ready (${how}).`)));
    await Promise.race([said, ended]);
    ended.catch(() => {});
  }

  async try({ name, endsBy, leaves }: Attack): Promise<Verdict> {
    const { scene } = this.#options;
    const answer = new Promise<Verdict>((resolve) => {
      this.#answered = (outcome) => resolve(outcome.error);
    });
    (this.#child.stdio[ORDERS_FD] as Socket).write(`${JSON.stringify({ name, targets: scene.targets })}\n`);
    const ending = this.#ended.then((how) => (how === String(endsBy) && leftIn(scene, leaves) ? null : how));
    return Promise.race([answer, ending]);
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    closeDescriptor(this.#guestFd);
  }
}

function leftIn({ directory }: Scene, leaves: RegExp | undefined): boolean {
  return leaves === undefined || readdirSync(join(directory, 'cwd')).some((name) => leaves.test(name));
}

/** Of the software GPU. Asked for in another process, as to probe adapters is to do without io_uring from then on. */
export function environmentForAttacks(): Record<string, string> {
  const script = `import(${JSON.stringify(TEST_GPU)}).then(async ({ environmentOfSoftwareGpu }) => console.log(JSON.stringify(await environmentOfSoftwareGpu())))`;
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) as Record<string, string>;
}

const TEST_GPU = new URL('../testing/test-gpu.js', import.meta.url).href;
