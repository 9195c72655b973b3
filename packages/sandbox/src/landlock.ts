import { closeSync, fstatSync, openSync } from 'node:fs';
import { nativeMemory, systemCall } from '@gpup/os';
import { ownCallNumber } from './call-numbers.ts';
import type { ThreadCall } from './every-thread.ts';

// From <linux/landlock.h>.
const CREATE_RULESET_VERSION = 1;
const RULE_PATH_BENEATH = 1;
const FS = { EXECUTE: 1, WRITE_FILE: 2, READ_FILE: 4, READ_DIR: 8, IOCTL_DEV: 1 << 15 } as const;
/** All rights over files that each version of the kernel's interface knows: version 1 has 13 of them, then REFER, TRUNCATE and IOCTL_DEV came. */
const FS_BITS: readonly (readonly [number, number])[] = [[1, 13], [2, 14], [3, 15], [5, 16]];
const NET_BIND_TCP_AND_CONNECT_TCP = 3;
const NET_SINCE = 4;
const SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3;
const SCOPE_SINCE = 6;
const IOCTL_DEV_SINCE = 5;
// struct landlock_ruleset_attr: rights over files, over the network, and what is confined to the domain; 64 bits each.
const ATTRIBUTE_BYTES = 8;
// struct landlock_path_beneath_attr: rights, and behind them a descriptor.
const PATH_BENEATH_BYTES = 12;
const DESCRIPTOR_AT = 8;
/** A descriptor that only names a file. */
const O_PATH = 0o10000000;

export interface FileRule {
  readonly path: string;
  readonly access: 'read' | 'device';
}

/** The version of the kernel's Landlock, 0 where there is none. */
export function landlockVersion(): number {
  try {
    return systemCall('landlock_create_ruleset', ownCallNumber('landlock_create_ruleset'), 0, 0, CREATE_RULESET_VERSION);
  } catch {
    return 0;
  }
}

/**
 * A set of rules that takes every right that this kernel's Landlock knows of, and gives back those named: no file is
 * opened, made or changed; no TCP, no abstract sockets of others, no signals to others. The descriptor is the caller's.
 */
export function createRuleset(version: number, rules: readonly FileRule[]): number {
  const handled = rightsOf(version);
  const sizes = [handled, version >= NET_SINCE ? NET_BIND_TCP_AND_CONNECT_TCP : null, version >= SCOPE_SINCE ? SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS : null];
  const known = sizes.filter((each) => each !== null);
  const attribute = nativeMemory(known.length * ATTRIBUTE_BYTES);
  for (const [index, rights] of known.entries()) attribute.fields.setBigUint64(index * ATTRIBUTE_BYTES, BigInt(rights), true);
  const fd = systemCall('landlock_create_ruleset', ownCallNumber('landlock_create_ruleset'), attribute.address, known.length * ATTRIBUTE_BYTES, 0);
  try {
    for (const rule of rules) addRule(fd, rule, version);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return fd;
}

function rightsOf(version: number): number {
  const bits = FS_BITS.filter(([since]) => version >= since).at(-1)?.[1] ?? 0;
  return 2 ** bits - 1;
}

/** A path that is not there needs no rule. */
function addRule(rulesetFd: number, { path, access }: FileRule, version: number): void {
  const pathFd = openPath(path);
  if (pathFd === null) return;
  try {
    const device = FS.WRITE_FILE | (version >= IOCTL_DEV_SINCE ? FS.IOCTL_DEV : 0);
    const rights = FS.READ_FILE | (access === 'device' ? device : FS.EXECUTE) | (fstatSync(pathFd).isDirectory() ? FS.READ_DIR : 0);
    const attribute = nativeMemory(PATH_BENEATH_BYTES);
    attribute.fields.setBigUint64(0, BigInt(rights), true);
    attribute.fields.setInt32(DESCRIPTOR_AT, pathFd, true);
    systemCall('landlock_add_rule', ownCallNumber('landlock_add_rule'), rulesetFd, RULE_PATH_BENEATH, attribute.address, 0);
  } finally {
    closeSync(pathFd);
  }
}

function openPath(path: string): number | null {
  try {
    return openSync(path, O_PATH);
  } catch {
    return null;
  }
}

/** Takes effect for the thread that makes it. It needs no_new_privs. */
export function restrictionBy(rulesetFd: number): ThreadCall {
  return { call: 'landlock_restrict_self', arguments: [rulesetFd, 0] };
}
