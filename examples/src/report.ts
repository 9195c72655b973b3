import type { GuestProgram } from './guest-program.ts';
import type { Finding, VfMemory } from './isolation.ts';
import { type Cell, type Palette, mebibytes, table } from './text.ts';

/** What came of a demo: the guests' results, and what was claimed about all of them, held or not. */
export interface Report {
  readonly adapter: string;
  readonly seconds: number;
  readonly guests: readonly GuestReport[];
  readonly checks: readonly Check[];
  /** Files that were written, by absolute path. */
  readonly pictures: readonly string[];
}

export interface GuestReport {
  readonly guest: GuestProgram;
  readonly memory: VfMemory | null;
}

export interface Check {
  readonly claim: string;
  readonly holds: boolean;
  /** What was looked at, or what is wrong. */
  readonly evidence: string;
}

export function checkOf(claim: string, { lookCount, violations, holds }: Finding): Check {
  const evidence = lookCount === 0 ? 'nothing was seen' : [...violations].slice(0, 3).join(' ');
  return { claim, holds, evidence: evidence || `${lookCount} looks` };
}

export function everythingHolds({ guests, checks }: Report): boolean {
  return guests.every(({ guest }) => guest.succeeded) && checks.every(({ holds }) => holds);
}

export function reportText(report: Report, options: { readonly width: number; readonly palette: Palette }): string {
  const { strong, good, bad } = options.palette;
  const attacks = report.guests.flatMap(({ guest }) => guest.attacks);
  const held = everythingHolds(report);
  return [
    '',
    guestTable(report.guests, options),
    ...(attacks.length === 0 ? [] : ['', strong('What the hostile guest did, each in a context of its own:'), attackTable(attacks, options)]),
    '',
    strong('What was checked:'),
    ...report.checks.map((check) => checkText(check, options.palette)),
    ...(report.pictures.length === 0 ? [] : ['', strong('Pictures:'), ...report.pictures.map((path) => `  ${path}`)]),
    '',
    held ? good(`Everything held (${report.seconds.toFixed(1)} s).`) : bad(`Not everything held (${report.seconds.toFixed(1)} s).`),
    '',
  ].join('\n');
}

function guestTable(guests: readonly GuestReport[], options: { readonly width: number; readonly palette: Palette }): string {
  const columns = [
    { title: 'guest' },
    { title: 'work done', flexible: true },
    { title: 'VF memory', align: 'right' },
    { title: 'time', align: 'right' },
    { title: 'verdict', flexible: true },
  ] as const;
  return table(columns, guests.map((each) => guestRow(each, options.palette)), options);
}

function guestRow({ guest, memory }: GuestReport, { good, bad }: Palette): readonly Cell[] {
  return [
    guest.name,
    guest.result?.work ?? `step ${guest.step} of ${guest.steps || '?'}`,
    memory === null ? '' : mebibytes(memory.residentBytesPeak),
    `${guest.seconds.toFixed(1)} s`,
    { text: verdictOf(guest), paint: guest.succeeded ? good : bad },
  ];
}

function verdictOf({ failure, result }: GuestProgram): string {
  if (failure !== null) return `failed: ${failure}`;
  const { lossFirst, lossLast, maxRelativeError } = result?.fields ?? {};
  const verdict = result?.verdict ?? '';
  if (typeof lossFirst === 'number' && typeof lossLast === 'number') return `${verdict}: ${lossFirst.toFixed(2)} → ${lossLast.toFixed(2)}`;
  if (typeof maxRelativeError === 'number') return `${verdict}: off by ${maxRelativeError.toExponential(1)} at most`;
  return verdict;
}

function attackTable(attacks: GuestProgram['attacks'], options: { readonly width: number; readonly palette: Palette }): string {
  const { good, bad } = options.palette;
  const columns = [{ title: 'attack' }, { title: 'what it did', flexible: true }, { title: 'context' }, { title: 'as told by the host, or the kernel', flexible: true }] as const;
  const rows = attacks.map(({ name, did, outcome, code, reason }) => {
    return [name, did, { text: outcome, paint: outcome === 'unanswered' ? bad : good }, `${code}: ${reason}`];
  });
  return table(columns, rows, options);
}

function checkText({ claim, holds, evidence }: Check, { good, bad, faint }: Palette): string {
  return `  ${holds ? good('✓') : bad('✗')} ${claim} ${faint(`(${evidence})`)}`;
}

/** For programs. Names are stable. */
export function reportJson(report: Report) {
  return {
    ok: everythingHolds(report),
    adapter: report.adapter,
    node: process.versions.node,
    seconds: rounded(report.seconds),
    guests: report.guests.map(({ guest, memory }) => ({
      name: guest.name,
      ok: guest.succeeded,
      failure: guest.failure,
      seconds: rounded(guest.seconds),
      vfResidentBytesPeak: memory?.residentBytesPeak ?? null,
      vfProportionalBytesPeak: memory?.proportionalBytesPeak ?? null,
      result: guest.result?.fields ?? null,
      attacks: guest.attacks.map(({ event: _, ...attack }) => attack),
    })),
    checks: report.checks,
    pictures: report.pictures,
  };
}

function rounded(seconds: number): number {
  return Number(seconds.toFixed(2));
}
