import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Open descriptors of a process, by what they refer to. */
export type DescriptorCounts = Readonly<Record<string, number>>;

/** In the order in which they are tried. What none fits is a kind of its own, by its target. */
const KINDS: readonly (readonly [string, RegExp])[] = [
  ['page', /^\/memfd:gpup-page/],
  ['api', /^socket .*\/api\.sock$/],
  ['guest', /^socket .*\/(partitions|adapters)\/[^/]+\.sock$/],
  ['socket', /^socket \S*$/],
  ['process', /^anon_inode:\[pidfd\]$/],
  ['pipe', /^pipe:/],
];

export function descriptorsOf(pid: number): DescriptorCounts {
  const sockets = socketPaths();
  const counts: Record<string, number> = {};
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const kind = kindOf(targetOf(pid, fd), sockets);
    if (kind !== null) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Null: it was closed just now. */
function kindOf(target: string | null, sockets: ReadonlyMap<string, string>): string | null {
  if (target === null) return null;
  const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
  const named = inode === undefined ? target : `socket ${sockets.get(inode) ?? ''}`;
  return KINDS.find(([, pattern]) => pattern.test(named))?.[0] ?? named;
}

function targetOf(pid: number, fd: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return null;
  }
}

/** Of each Unix socket with a name, by its inode: a connection that was accepted has its listener's. */
function socketPaths(): ReadonlyMap<string, string> {
  const rows = readFileSync('/proc/net/unix', 'utf8').split('\n').slice(1).map((row) => row.trim().split(/\s+/));
  return new Map(rows.flatMap(([, , , , , , inode, path]) => (inode !== undefined && path !== undefined ? [[inode, path] as const] : [])));
}
