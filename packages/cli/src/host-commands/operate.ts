import { type AdapterView, type Host, type UsageReport, openHost } from '@gpup/api/client';
import { printable, printableJson } from '@gpup/base';
import type { Command } from '../arguments.ts';
import { AUDIT_ENTRIES_MAX } from '../command-line/tenants.ts';
import { newLines } from './follow.ts';
import { hostFailure } from './host-failure.ts';
import { hostPlace } from './host-place.ts';
import { auditText, issuedText, tokensText, usageCsv, usageText } from './tenant-views.ts';
import { adaptersText, contextsText, createdText, eventText, partitionText, partitionsText } from './views.ts';

/** The commands that are nothing but an operation of the host, and its result in words or as JSON. */
export type HostCommand = Extract<Command, { readonly host: string | undefined }>;

const POLL_MS = 500;
/** One that is there answers within milliseconds. */
const ANSWER_MS_MAX = 3000;

/** Resolves when it is done; throws a `CommandError` with the exit status else. */
export async function operate(command: HostCommand): Promise<void> {
  const place = hostPlace(command.host);
  // Whoever watches wants to know that there is nothing to see.
  const host = openHost(command.kind === 'top' ? { ...place, answerMsMax: ANSWER_MS_MAX } : place);
  try {
    await perform(host, command);
  } catch (error) {
    throw hostFailure(error);
  }
}

async function perform(host: Host, command: HostCommand): Promise<void> {
  switch (command.kind) {
    case 'adapters':
      return show(command, await host.adapters(), adaptersText);
    case 'adapter-set':
      return show(command, await setAdapter(host, command), (adapter) => adaptersText([adapter]));
    case 'partition-create':
      return show(command, await host.createPartition(command.request), createdText);
    case 'partition-list':
      return show(command, await host.partitions(), partitionsText);
    case 'partition-show':
      return await showPartition(host, command);
    case 'partition-set':
      return show(command, await host.changePartition(command.name, command.change), (partition) => partitionsText([partition]));
    case 'partition-rm':
      return await host.removePartition(command.name, { force: command.force });
    case 'partition-unblock':
      return show(command, await host.unblockPartition(command.name), (partition) => partitionsText([partition]));
    case 'token-create':
      return show(command, await host.createToken(command.request), issuedText);
    case 'token-list':
      return show(command, await host.tokens(), tokensText);
    case 'token-rotate':
      return show(command, await host.rotateToken(command.id, command.rotation), issuedText);
    case 'token-revoke':
      return await host.revokeToken(command.id);
    case 'usage':
      return showUsage(command, await host.usage());
    case 'audit':
      return await showAudit(host, command);
    case 'ps':
      return await showContexts(host, command);
    case 'top':
      return await (await import('../top/top.ts')).top(host, command);
    case 'logs':
      return await showLog(host, command);
    case 'events':
      return await showEvents(host, command);
  }
}

function show<T>({ json }: { readonly json: boolean }, value: T, text: (value: T) => string): void {
  print(json ? `${printableJson(value, 2)}\n` : text(value));
}

async function setAdapter(host: Host, { id, mode, scheduling }: Extract<HostCommand, { kind: 'adapter-set' }>): Promise<AdapterView> {
  const adapter = mode === undefined ? undefined : await host.setAdapterMode(id, mode);
  return adapter !== undefined && Object.keys(scheduling).length === 0 ? adapter : host.setAdapterScheduling(id, scheduling);
}

async function showPartition(host: Host, { name, allocations: countMax, json }: Extract<HostCommand, { kind: 'partition-show' }>): Promise<void> {
  const [partition, allocations] = [await host.partition(name), await host.largestAllocations(name, { countMax })];
  show({ json }, { ...partition, allocations }, () => partitionText(partition, allocations));
}

async function showContexts(host: Host, { partition, json }: Extract<HostCommand, { kind: 'ps' }>): Promise<void> {
  // Refused where there is no such partition: an empty list would look like one without guests.
  if (partition !== undefined) await host.partition(partition);
  const contexts = (await host.contexts()).filter((context) => partition === undefined || context.partition === partition);
  show({ json }, contexts, contextsText);
}

async function showLog(host: Host, { lines: countMax, follow }: Extract<HostCommand, { kind: 'logs' }>): Promise<void> {
  // Every tail is as long as the first one: see `newLines`.
  const tailCountMax = follow ? Math.max(countMax, FOLLOWED_LINES) : countMax;
  let tail = await host.logLines({ countMax: tailCountMax });
  print(tail.slice(-countMax).map(logLine).join(''));
  while (follow) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const now = await host.logLines({ countMax: tailCountMax });
    const { lines, missed } = newLines(tail, now);
    if (missed) print('(lines are missing here: more came than were asked for)\n');
    print(lines.map(logLine).join(''));
    tail = now;
  }
}

/** What comes within a poll is far less. */
const FOLLOWED_LINES = 1000;

function logLine(line: string): string {
  return `${printable(line)}\n`;
}

async function showEvents(host: Host, { after, json }: Extract<HostCommand, { kind: 'events' }>): Promise<void> {
  for await (const frame of host.events(after === undefined ? {} : { after })) {
    const lines = json ? [printableJson(frame)] : eventText(frame).map(printable);
    print(lines.map((line) => `${line}\n`).join(''));
  }
}

function showUsage({ tenant, json, csv }: Extract<HostCommand, { kind: 'usage' }>, { tenants, partitions, ...times }: UsageReport): void {
  const isWanted = (entry: { readonly tenant: string | null }): boolean => tenant === undefined || entry.tenant === tenant;
  const report = { ...times, tenants: tenants.filter(isWanted), partitions: partitions.filter(isWanted) };
  if (csv) print(usageCsv(report));
  else show({ json }, report, usageText);
}

async function showAudit(host: Host, { entries: countMax, tenant, json }: Extract<HostCommand, { kind: 'audit' }>): Promise<void> {
  // What is a tenant's is looked for among all that the host still tells.
  const entries = await host.auditEntries({ countMax: tenant === undefined ? countMax : AUDIT_ENTRIES_MAX });
  show({ json }, entries.filter((entry) => tenant === undefined || entry.tenant === tenant).slice(-countMax), auditText);
}

function print(text: string): void {
  process.stdout.write(text);
}
