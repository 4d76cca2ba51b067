import type { Codec } from '../netlink/codec.ts';
import { NetlinkDecodeError } from '../netlink/decode-error.ts';
import { ip, parseIp } from '../netlink/ip.ts';
import { AF } from './types.ts';

/** `struct rtvia`: a gateway of another family than the route's; its family is told by the address. */
export const via: Codec<string> = {
  what: 'a gateway of another family',
  read(bytes, start, end) {
    const family = end - start < 2 ? 0 : bytes.readUInt16LE(start);
    if (family !== (end - start === 6 ? AF.INET : AF.INET6))
      throw new NetlinkDecodeError(`expected an address behind its family, got ${family}`, start);
    return ip.read(bytes, start + 2, end);
  },
  write(writer, value, name) {
    const bytes = parseIp(value, name);
    writer.u16(bytes.length === 4 ? AF.INET : AF.INET6);
    writer.write(bytes);
  },
};
