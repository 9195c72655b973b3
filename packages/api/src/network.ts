const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const GROUP_COUNT = 8;
/** An IPv6 site has 2^64 addresses to itself: it is told from others by the rest (RFC 4291, 2.5.1). */
const SITE_GROUP_COUNT = 4;

/** Whom an address stands for, as far as limits by address go: itself, or with IPv6 the network that it is in. */
export function networkOf(address: string): string {
  const mapped = MAPPED_IPV4.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  // A link-local address has its interface behind it, which is not the peer's to choose.
  const [plain = ''] = address.split('%', 1);
  const [before = '', after] = plain.split('::');
  const head = groupsOf(before);
  const tail = groupsOf(after ?? '');
  const zeros = after === undefined ? 0 : Math.max(0, GROUP_COUNT - head.length - tail.length);
  const groups = [...head, ...Array<string>(zeros).fill('0'), ...tail];
  return `${groups.slice(0, SITE_GROUP_COUNT).join(':')}::/64`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16).toString(16));
}
