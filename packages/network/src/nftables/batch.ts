import { Memory, SystemError, withDescriptor, type Kernel, type Value } from '@ts-c/syscall';
import { recvfrom, sendto } from '../netlink/calls.ts';
import {
  NLM_F,
  NLMSG,
  openSocket,
  NETLINK,
  request,
  Writer,
  writeMessage,
  NetlinkError,
  readHeader,
  type Request,
} from '../netlink/index.ts';
import { readAnswer } from '../netlink/netlink-error.ts';
import { nextSequence } from '../netlink/sequence.ts';
import { batchBegin, batchBody, batchEnd } from './messages.ts';

/** Room for the answer with the kernel's words. */
const answerSize = 512;
/** A batch is one datagram: room for some thousand rules. */
const sendBuffer = 2 ** 21;

const unexpected = {
  code: 'ERR_NETLINK_ANSWER',
  message: 'the answer to a batch of nf_tables is not what was expected',
};

/**
 * Opens a socket for nf_tables in the network namespace that the calling thread, or the running Program, is in.
 *
 * @throws {SystemError} `EPROTONOSUPPORT` where the kernel has no netfilter.
 */
export function openNetfilterSocket(kernel: Kernel): Value {
  return openSocket(kernel, { protocol: NETLINK.NETFILTER, sendBuffer });
}

/**
 * Sends messages that change nf_tables as one batch, now or as a step of a Program: all of them happen, or none.
 *
 * @param socket What {@link openNetfilterSocket} gave. After a refusal there may be more answers in it: close it then.
 * @throws {NetlinkError} the first refusal, with the kernel's words. In a Program it is a SystemError of the step, without them.
 */
export function sendBatch(kernel: Kernel, socket: Value, requests: readonly Request[]): void {
  const last = requests.at(-1);
  if (!last) return;
  const writer = new Writer(4096);
  const all = [request(batchBegin, batchBody), ...requests, request(batchEnd, batchBody)];
  const sent = all.map((each) => {
    const sequence = nextSequence(kernel);
    const start = writer.length;
    writeMessage(writer, each.operation.codec, {
      type: each.operation.type,
      // A refusal is always told. Acknowledgements of all would not fit into the buffer of the socket.
      flags: NLM_F.REQUEST | each.flags | (each === last ? NLM_F.ACK : 0),
      sequence,
      body: each.body as never,
    });
    return { request: each, sequence, start, end: writer.length };
  });
  const bytes = writer.bytes();
  const message = new Memory(bytes);
  for (const { offset, slot } of writer.slots) message.set('u32', offset, slot);
  const title = `${last.operation.name}, ${requests.length} in a batch`;
  message.describe = () => `{${title}, ${bytes.length} bytes}`;
  kernel.call(sendto, socket, message, bytes.length, 0, null, 0);
  const answer = new Memory(answerSize);
  kernel.call(recvfrom, socket, answer, answerSize, 0, null, null);
  kernel.expect(kernel.load(answer, 4, 4), { equals: NLMSG.ERROR, mask: 0xffff }, unexpected);
  kernel.check(kernel.load(answer, 16, 4), {
    syscall: 'netlink',
    call: title,
    memory: answer,
    explain: (info, from) => {
      const header = readHeader(from);
      const refused = sent.find(({ sequence }) => sequence === header.sequence);
      if (!refused) return new SystemError(info);
      const { name, codec } = refused.request.operation;
      const own = { bytes: bytes.subarray(refused.start, refused.end), codec };
      return new NetlinkError(info, name, readAnswer(from, header, own));
    },
  });
  const { sequence } = sent[all.length - 2] as (typeof sent)[number];
  kernel.expect(kernel.load(answer, 8, 4), { equals: sequence }, unexpected);
}

/** Opens a socket for nf_tables, does `body` with it, and closes it again. */
export function withNetfilter<T>(kernel: Kernel, body: (socket: Value) => T): T {
  return withDescriptor(kernel, openNetfilterSocket(kernel), body);
}
