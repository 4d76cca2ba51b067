import { SystemError, type SystemErrorInfo } from '@ts-c/syscall';
import { attributes } from './attributes.ts';
import type { Codec } from './codec.ts';
import { NLM_F, NLMSG, type MessageHeader } from './message.ts';
import { u32 } from './numbers.ts';
import { string } from './texts.ts';
import { NetlinkDecodeError } from './decode-error.ts';

/** What the kernel says about a request beyond its error number. */
export interface Explanation {
  /** The kernel's own words: `Invalid prefix for given prefix length`; or what is known of it, where the kernel has none. */
  readonly reason?: string | undefined;
  /** The attribute that it complains about, by the names of the declaration: `info.data.id`. */
  readonly attribute?: string | undefined;
  /** The number of an attribute that it misses. */
  readonly missing?: number | undefined;
}

/** A request that the kernel refuses, in the shape of Node's own errors; `syscall` is `netlink`. */
export class NetlinkError extends SystemError implements Explanation {
  override readonly name: string = 'NetlinkError';
  /** What was asked for: `RTM_NEWLINK`. */
  readonly request: string;
  declare readonly reason?: string;
  declare readonly attribute?: string;
  declare readonly missing?: number;

  constructor(
    info: Omit<SystemErrorInfo, 'syscall'>,
    request: string,
    { reason, attribute, missing }: Explanation = {},
  ) {
    super({ ...info, syscall: 'netlink' });
    this.request = request;
    const details = [request];
    if (reason !== undefined) {
      this.reason = reason;
      details.push(reason);
    }
    if (attribute !== undefined) {
      this.attribute = attribute;
      details.push(`at ${attribute}`);
    }
    if (missing !== undefined) {
      this.missing = missing;
      details.push(`attribute ${missing} is missing`);
    }
    // What is said about a device comes behind its name.
    const path = info.path === undefined ? '' : ` '${info.path}'`;
    const paths = info.dest === undefined ? path : `${path} -> '${info.dest}'`;
    const [name, ...why] = details;
    this.message = this.message.replace(`, netlink${paths}`, () =>
      [`, netlink ${name}${paths}`, ...why].join(': '),
    );
  }
}

/** The attributes of an answer, `enum nlmsgerr_attrs`. */
const extended = attributes({ reason: [1, string], offset: [2, u32], missing: [5, u32] });

/** The kernel's answer to a request: the acknowledgement, the refusal, or the end of a dump. */
export interface Answer extends Explanation {
  /** 0, or the number of the error. */
  readonly errno: number;
}

/**
 * Reads an `NLMSG_ERROR` or an `NLMSG_DONE`.
 *
 * @param request The bytes of the request and what they are, to name the attribute.
 * @throws {NetlinkDecodeError} where it does not hold together.
 */
export function readAnswer(
  bytes: Buffer,
  { type, flags, bodyStart, end }: MessageHeader,
  request: { readonly bytes: Buffer; readonly codec: Codec },
): Answer {
  if (end - bodyStart < 4) {
    // The end of a dump by an old kernel may come without a number.
    if (type === NLMSG.DONE) return { errno: 0 };
    throw new NetlinkDecodeError(`expected the number of an error`, bodyStart);
  }
  // Those above zero belong to the protocol: the end of a dump says how much there was.
  const errno = Math.max(0, -bytes.readInt32LE(bodyStart));
  if (!(flags & NLM_F.ACK_TLVS)) return { errno };
  const start = bodyStart + 4 + (type === NLMSG.ERROR ? copySize(bytes, flags, bodyStart, end) : 0);
  if (start >= end) return { errno };
  const { reason, offset, missing } = extended.read(bytes, start, end);
  const attribute = offset === undefined ? undefined : attributeAt(request, offset);
  return { errno, reason, missing, attribute };
}

/** How much of the request comes with the answer: its header, or all of it. */
function copySize(bytes: Buffer, flags: number, bodyStart: number, end: number): number {
  if (flags & NLM_F.CAPPED) return 16;
  if (end - bodyStart < 8) throw new NetlinkDecodeError('expected the request', bodyStart + 4);
  return (bytes.readUInt32LE(bodyStart + 4) + 3) & ~3;
}

function attributeAt(
  { bytes, codec }: { readonly bytes: Buffer; readonly codec: Codec },
  offset: number,
): string | undefined {
  if (!('pathAt' in codec)) return undefined;
  const pathAt = codec.pathAt as (from: Buffer, start: number, end: number, at: number) => string[];
  return pathAt.call(codec, bytes, 16, bytes.length, offset).join('.') || undefined;
}
