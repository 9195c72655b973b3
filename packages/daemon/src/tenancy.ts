import { rmSync } from 'node:fs';
import { closeDescriptor } from '@gpup/os';
import { type Adoption, Context, type Grant, PartitionHost, type PartitionOwner, type Reason, type VfPool, dismissAdoption } from '@gpup/pf/core';
import { forgetPage, isRecordedPage, isSameFile, recordPage } from './page-record.ts';
import type { Page, PageBudgets, PageFile, PageFiles } from './pages.ts';

/** Who decides about a tenancy's contexts, and is told of them. */
export interface Landlord {
  /** Why there is no further context; null: there is. */
  refusal(contextCount: number): Reason | null;
  assignment(): Grant['assignment'];
  budgets(): PageBudgets;
  nextContextId(): number;
  readonly onOpened: (context: Context) => void;
  readonly onEnded: (context: Context, reason: Reason) => void;
}

export interface TenancyOptions {
  /** Of the partition; empty for an adapter that one guest owns whole. */
  readonly name: string;
  readonly adapter: string;
  readonly socketPath: string;
  readonly pool: VfPool | null;
  readonly pages: PageFiles;
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
  /** What was applied last. */
  #budgets: PageBudgets;

  constructor(options: TenancyOptions) {
    this.name = options.name;
    this.adapter = options.adapter;
    this.socketPath = options.socketPath;
    this.#options = options;
    this.#budgets = options.landlord.budgets();
    this.#recordPath = options.socketPath.replace(/\.sock$/, '.page');
    this.#host = new PartitionHost({ name: options.name, adapter: options.adapter, pool: options.pool, owner: this.#owner() });
  }

  /** Also those that are about to be gone. */
  get contexts(): readonly Context[] {
    return this.#host.contexts;
  }

  /** Null before anybody could use it. */
  get page(): Page | null {
    return this.#page?.page ?? null;
  }

  /** Takes over a context, with all of its descriptors. The reason: it has no place here, and its VF and guest are told so. */
  adopt(adoption: Adoption): Context | Reason {
    const isKept = this.#keepPage(adoption);
    const answer = this.#host.adopt(adoption);
    const rest = isKept ? { ...adoption, pageFd: null } : adoption;
    if (!(answer instanceof Context)) dismissAdoption(rest, answer);
    else if (rest.pageFd !== null) closeDescriptor(rest.pageFd);
    return answer;
  }

  /** What nobody was found to have is free from here on. Replaces the socket that a daemon before has left. */
  async open(): Promise<void> {
    this.#page ??= this.#makePage();
    this.#page.page.sweep();
    rmSync(this.socketPath, { force: true });
    await this.#host.listen(this.socketPath);
  }

  /** `lower`: takes what is to be taken and gives nothing yet. What is in use stays: a budget below it waits. */
  applyBudgets(how: 'lower' | 'set'): void {
    const budgets = this.#options.landlord.budgets();
    const next = how === 'set' ? budgets : lower(budgets, this.#budgets);
    this.#budgets = next;
    this.#page?.page.setBudgetBytes(next.budgetBytes, 'wait');
    this.#page?.page.setHostBudgetBytes(next.hostBudgetBytes, 'wait');
  }

  /** Contexts live on, and so does all that the next daemon needs. */
  stopListening(): void {
    this.#host.stopListening();
  }

  /** Ends every context; resolves when nothing is left. */
  async close(reason: Reason): Promise<void> {
    await this.#host.close(reason);
    if (this.#page !== undefined) {
      this.#page.release();
      closeDescriptor(this.#page.fd);
      this.#page = undefined;
    }
    forgetPage(this.#recordPath);
  }

  #owner(): PartitionOwner {
    const { landlord } = this.#options;
    return {
      admit: (contextCount) => landlord.refusal(contextCount) ?? this.#grant(null),
      readmit: (adoption) => this.#readmit(adoption),
      nextContextId: () => landlord.nextContextId(),
      onOpened: landlord.onOpened,
      onEnded: landlord.onEnded,
    };
  }

  #makePage(): PageFile {
    const { landlord, pages, slotCount } = this.#options;
    const page = pages.create('gpup-page', { slotCount, ...landlord.budgets() });
    recordPage(this.#recordPath, page.fd);
    return page;
  }

  /** Whether the descriptor of the page is this tenancy's from here on. */
  #keepPage({ pageFd }: Adoption): boolean {
    if (this.#page !== undefined || pageFd === null || !isRecordedPage(this.#recordPath, pageFd)) return false;
    try {
      this.#page = this.#options.pages.open(pageFd, this.#options.landlord.budgets());
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
    if (!this.#page.page.adoptSlot(slotIndex, hello.pid)) {
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
      assignment: this.#options.landlord.assignment(),
      place: (vfPid) => {
        retire();
        if (this.#page === undefined) return null;
        slotIndex = this.#page.page.allocateSlot(vfPid);
        return slotIndex === null ? null : { fd: this.#page.fd, slotIndex };
      },
      release: retire,
    };
  }
}

function lower(one: PageBudgets, other: PageBudgets): PageBudgets {
  return { budgetBytes: least(one.budgetBytes, other.budgetBytes), hostBudgetBytes: least(one.hostBudgetBytes, other.hostBudgetBytes) };
}

/** Undefined is no budget. */
function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || (other !== undefined && other < one) ? other : one;
}
