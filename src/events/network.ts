// What counts as one client, though it may come from many addresses.

/** Characters; no address has more. */
const MAXIMUM_LENGTH = 256;

/**
 * What counts as one address: an IPv4 address, also when it is written as an IPv6 one (RFC 4291, 2.5.5.2), otherwise the /64
 * of an IPv6 address, all of which one machine may have (RFC 4862).
 */
export function networkOf(address: string): string {
  // Without the zone of a link-local address; what is no address stands for itself.
  const text = address.slice(0, MAXIMUM_LENGTH).replace(/%.*/, '');
  const canonical = text.includes(':') ? URL.parse(`http://[${text}]`)?.hostname.slice(1, -1) : undefined;
  if (canonical === undefined) return text;
  const [before = [], after = []] = canonical.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
  const isMapped = groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff';
  return isMapped ? [high >> 8, high & 255, low >> 8, low & 255].join('.') : groups.slice(0, 4).join(':');
}
