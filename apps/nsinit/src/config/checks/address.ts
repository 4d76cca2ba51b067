import { isIPv4, isIPv6 } from 'node:net';

/** The family of an IP address, undefined where it is none. An address with a zone (`fe80::1%eth0`) is none here. */
export function familyOf(address: string): 4 | 6 | undefined {
  if (isIPv4(address)) return 4;
  return isIPv6(address) && !address.includes('%') ? 6 : undefined;
}

/** The family of an address in CIDR notation (`10.0.0.2/24`), undefined where it is none. */
export function familyOfCidr(text: string): 4 | 6 | undefined {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = familyOf(address);
  const longest = family === 4 ? 32 : 128;
  return family !== undefined && Number(prefix) <= longest ? family : undefined;
}
