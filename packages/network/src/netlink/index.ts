export {
  attributes,
  AttributesCodec,
  NLA_F_NESTED,
  repeated,
  RepeatedCodec,
  type AttributesInput,
  type AttributesOutput,
  type Declarations,
  type RawAttributes,
} from './attributes.ts';
export { indexed, packed, selected } from './arrays.ts';
export type { Codec, Input, Output } from './codec.ts';
export { NetlinkDecodeError } from './decode-error.ts';
export { formatIPv4, formatIPv6, ip, ipv4, ipv6, parseIp } from './ip.ts';
export {
  body,
  BodyCodec,
  encodeMessage,
  messagesOf,
  NLM_F,
  NLMSG,
  readHeader,
  writeMessage,
  type BodyInput,
  type BodyOutput,
  type MessageFields,
  type MessageHeader,
} from './message.ts';
export {
  be16,
  be32,
  be64,
  bool,
  i32,
  NLA_F_NET_BYTEORDER,
  netByteorder,
  u16,
  u32,
  u64,
  u8,
} from './numbers.ts';
export {
  padding,
  struct,
  StructCodec,
  type Fields,
  type StructInput,
  type StructOutput,
} from './struct.ts';
export { bytes, exactly, flag, linkAddress, string } from './texts.ts';
export { Writer } from './writer.ts';
export { NETLINK } from './calls.ts';
export { NetlinkError, type Explanation } from './netlink-error.ts';
export { openSocket, type SocketOptions } from './open-socket.ts';
export { operation, request, type Operation, type Request } from './request.ts';
export { queryNumber, sendRequest } from './send-request.ts';
export { NetlinkSocket, type OpenOptions, type WaitOptions } from './socket.ts';
