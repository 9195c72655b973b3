import { rmSync } from 'node:fs';
import { closeDescriptor } from '@gpup/os';
import { type Adoption, Context, type Grant, type GuestView, PartitionHost, type PartitionOwner, type Reason, type TurnLine, type VfPool, dismissAdoption } from '@gpup/pf/core';
import type { PageBudgets, PartitionPage } from '@gpup/vidmm';
import { type PageFile, createPageFile, openPageFile } from '@gpup/vidmm/node';
import { forgetPage, identityOf, isRecordedPage, isSameFile, recordPage } from './page-record.ts';

/** Who decides about a tenancy's contexts, and is told of them. */
export interface Landlord {
  /** Why there is no further context; null: there is. */
  refusal(): Reason | null;
  /** For a page on which guests of the daemon before go on counting: what these have, as far as it can be told before they are all there. */
  standingBudgets(): PageBudgets;
  /** What a VF process may have in memory, all of it; null: no limit. */
  memoryBytesMax(): number | null;
  /** Names of the escapes that are open to guests. */
  escapes(): readonly string[];
  /** What guests see of the adapter. */
  view(): GuestView;
  nextContextId(): number;
  readonly onOpened: (context: Context) => void;
  readonly onAssigned: (context: Context) => void;
  readonly onReady: (context: Context) => void;
  readonly onTurn: (context: Context, line: TurnLine) => void;
  readonly onLatencyClass: (context: Context) => void;
  readonly onEnded: (context: Context, reason: Reason) => void;
  /** The page is about to be gone, and all of its contexts are. */
  readonly onPageLeaves: (tenancy: Tenancy) => void;
}

export interface TenancyOptions {
  /** Of the partition; empty for an adapter that one guest owns whole. */
  readonly name: string;
  readonly adapter: string;
  readonly socketPath: string;
  readonly pool: VfPool | null;
  readonly slotCount: number;
  readonly landlord: Landlord;
}

/**
 * What guests use: a partition, or an adapter that one guest owns whole. It has a socket, contexts, and the page on
 * which these count. Its page is the one that VFs of the daemon before have kept, or else a new one.
 */
export class Tenancy {
  readonly name: string;
  readonly adapter: string;
  readonly socketPath: string;
  readonly #options: TenancyOptions;
  readonly #recordPath: string;
  readonly #host: PartitionHost;
  #page: PageFile | undefined;
  /** A VF that was taken over has written where only the daemon may: once its contexts are gone there is a new page. */
  #isPageSpoilt = false;

  constructor(options: TenancyOptions) {
    this.name = options.name;
    this.adapter = options.adapter;
    this.socketPath = options.socketPath;
    this.#options = options;
    this.#recordPath = options.socketPath.replace(/\.sock$/, '.page');
    this.#host = new PartitionHost({ name: options.name, adapter: options.adapter, pool: options.pool, owner: this.#owner() });
  }

  /** Also those that are about to be gone. */
  get contexts(): readonly Context[] {
    return this.#host.contexts;
  }

  /** Null before anybody could use it. */
  get page(): PartitionPage | null {
    return this.#page?.page ?? null;
  }

  /** Which one the page is, as long as this machine runs. */
  get pageId(): string | null {
    return this.#page === undefined ? null : identityOf(this.#page.fd);
  }

  /** Takes over a context, with all of its descriptors. The reason: it has no place here, and its VF and guest are told so. */
  adopt(adoption: Adoption): Context | Reason {
    const isKept = this.#keepPage(adoption);
    const answer = this.#host.adopt(adoption);
    const rest = isKept ? { ...adoption, pageFd: null } : adoption;
    if (!(answer instanceof Context)) {
      dismissAdoption(rest, answer);
      return answer;
    }
    if (rest.pageFd !== null) closeDescriptor(rest.pageFd);
    // The daemon before may have died after it had saved a change and before it had told.
    answer.vf?.openEscapes(this.#options.landlord.escapes());
    return answer;
  }

  /** What nobody was found to have is free from here on. Replaces the socket that a daemon before has left. */
  async open(): Promise<void> {
    this.#page ??= this.#makePage();
    this.#page.page.sweep();
    rmSync(this.socketPath, { force: true });
    await this.#host.listen(this.socketPath);
  }

  /** Ends every context where a VF has written what only the daemon may write on their page. */
  checkPage(): void {
    const defect = this.#isPageSpoilt ? null : (this.page?.tampering() ?? null);
    if (defect === null) return;
    this.#isPageSpoilt = true;
    const reason = { code: 'page-tampered', message: `A VF of the partition has written what it may not: ${defect}` };
    for (const context of this.contexts) context.end(reason);
    this.#renewSpoiltPage();
  }

  #renewSpoiltPage(): void {
    if (!this.#isPageSpoilt || this.contexts.length > 0) return;
    this.#dropPage();
    this.#page = this.#makePage();
    this.#isPageSpoilt = false;
  }

  /** Contexts live on, and so does all that the next daemon needs. */
  stopListening(): void {
    this.#host.stopListening();
  }

  /** Ends every context; resolves when nothing is left. */
  async close(reason: Reason): Promise<void> {
    await this.#host.close(reason);
    this.#dropPage();
    forgetPage(this.#recordPath);
  }

  #dropPage(): void {
    if (this.#page === undefined) return;
    this.#options.landlord.onPageLeaves(this);
    this.#page.release();
    closeDescriptor(this.#page.fd);
    this.#page = undefined;
  }

  #owner(): PartitionOwner {
    const { landlord } = this.#options;
    return {
      admit: () => landlord.refusal() ?? (this.#isPageSpoilt ? SPOILT : this.#grant(null)),
      readmit: (adoption) => this.#readmit(adoption),
      nextContextId: () => landlord.nextContextId(),
      onOpened: landlord.onOpened,
      onAssigned: landlord.onAssigned,
      onReady: landlord.onReady,
      onTurn: landlord.onTurn,
      onLatencyClass: landlord.onLatencyClass,
      onEnded: (context, reason) => {
        landlord.onEnded(context, reason);
        this.#renewSpoiltPage();
      },
    };
  }

  #makePage(): PageFile {
    // It gives nothing yet: whoever owns the budgets sets them.
    const page = createPageFile('gpup-page', { slotCount: this.#options.slotCount, budgetBytes: 0, hostBudgetBytes: 0 });
    recordPage(this.#recordPath, page.fd);
    return page;
  }

  /** Whether the descriptor of the page is this tenancy's from here on. */
  #keepPage({ pageFd }: Adoption): boolean {
    if (this.#page !== undefined || pageFd === null || !isRecordedPage(this.#recordPath, pageFd)) return false;
    try {
      this.#page = openPageFile(pageFd, this.#options.landlord.standingBudgets());
      return true;
    } catch {
      // What it is not is said when its VF is refused.
      return false;
    }
  }

  #readmit({ hello, pageFd }: Adoption): Grant | Reason {
    if (pageFd === null || hello.page === null || this.#page === undefined || !isSameFile(pageFd, this.#page.fd)) {
      return { code: 'bad-page', message: "The VF has handed over another page than its partition's." };
    }
    const { slotIndex } = hello.page;
    // The page is a VF's word as well where it is the first, and may have more places than there are here.
    if (slotIndex >= this.#options.slotCount || !this.#page.page.adoptSlot(slotIndex, hello.pid)) {
      return { code: 'bad-slot', message: `The VF's place in its partition's page (${slotIndex}) does not exist, or is another's.` };
    }
    return this.#grant(slotIndex);
  }

  #grant(adoptedSlotIndex: number | null): Grant {
    let slotIndex = adoptedSlotIndex;
    const retire = (): void => {
      if (slotIndex !== null) this.#page?.page.retireSlot(slotIndex);
      slotIndex = null;
    };
    return {
      // Its budgets are on the page.
      assignment: () => ({ heapBytes: null, vramBytes: null, escapes: this.#options.landlord.escapes(), view: this.#options.landlord.view(), capturePath: null }),
      place: (vfPid) => {
        retire();
        if (this.#page === undefined) return null;
        slotIndex = this.#page.page.allocateSlot(vfPid);
        return slotIndex === null ? null : { fd: this.#page.fd, slotIndex };
      },
      memoryBytesMax: () => this.#options.landlord.memoryBytesMax(),
      release: retire,
    };
  }
}

const SPOILT: Reason = { code: 'page-tampered', message: 'The partition waits for its contexts to end, one of which has written what it may not.' };
