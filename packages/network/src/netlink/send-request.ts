import { Memory, SystemError, type Kernel, type Value } from '@ts-c/syscall';
import { recvfrom, sendto } from './calls.ts';
import { NLM_F, NLMSG, readHeader, writeMessage } from './message.ts';
import { NetlinkError, readAnswer } from './netlink-error.ts';
import type { Request } from './request.ts';
import { nextSequence } from './sequence.ts';
import { Writer } from './writer.ts';

/** Room for an acknowledgement with the kernel's words, or for the beginning of an answer. */
const answerSize = 512;
/** Where in an answer the number of its error is, and where the body of a reply begins. */
const bodyOffset = 16;

const unexpected = (name: string): { code: string; message: string } => ({
  code: 'ERR_NETLINK_ANSWER',
  message: `the answer to ${name} is not what was expected`,
});

/**
 * Sends a request and waits for the kernel to acknowledge it, now or as a step of a Program.
 *
 * @param socket What {@link openSocket} gave, without answers that are still to be read.
 * @throws {NetlinkError} where the kernel refuses.
 *
 * @example
 * const socket = openSocket(kernel);
 * sendRequest(kernel, socket, request(newLink, { index: 1, flags: IFF.UP, change: IFF.UP }));
 */
export function sendRequest(kernel: Kernel, socket: Value, request: Request): void {
  const sent = send(kernel, socket, request, NLM_F.ACK);
  const { name } = request.operation;
  const type = kernel.load(sent.answer, 4, 4);
  kernel.expect(type, { equals: NLMSG.ERROR, mask: 0xffff }, unexpected(name));
  checkAnswer(kernel, request, sent);
}

/**
 * Sends a request that has one answer, and gives a number of 32 bits out of that: the index of a link by its name, for instance.
 *
 * @param offset Where the number lies in the body of the answer.
 * @throws {NetlinkError} where the kernel refuses; see {@link sendRequest}.
 */
export function queryNumber(
  kernel: Kernel,
  socket: Value,
  request: Request,
  offset: number,
): Value {
  const sent = send(kernel, socket, request, 0);
  // Where the answer is an error, its number stands where a reply has the first fields of its struct. None of rtnetlink's looks like one.
  checkAnswer(kernel, request, sent);
  return kernel.load(sent.answer, bodyOffset + offset, 4);
}

interface Sent {
  readonly bytes: Buffer;
  readonly answer: Memory;
}

function send(
  kernel: Kernel,
  socket: Value,
  { operation, flags, body }: Request,
  more: number,
): Sent {
  const writer = new Writer();
  const sequence = nextSequence(kernel);
  const { type, codec, name } = operation;
  writeMessage(writer, codec, {
    type,
    flags: NLM_F.REQUEST | flags | more,
    sequence,
    body: body as never,
  });
  const bytes = writer.bytes();
  const message = new Memory(bytes);
  for (const { offset, slot } of writer.slots) message.set('u32', offset, slot);
  message.describe = () => `{${name}, ${bytes.length} bytes}`;
  kernel.call(sendto, socket, message, bytes.length, 0, null, 0);
  const answer = new Memory(answerSize);
  kernel.call(recvfrom, socket, answer, answerSize, 0, null, null);
  kernel.expect(kernel.load(answer, 8, 4), { equals: sequence }, unexpected(name));
  return { bytes, answer };
}

function checkAnswer(kernel: Kernel, { operation }: Request, { bytes, answer }: Sent): void {
  const { name, codec } = operation;
  kernel.check(kernel.load(answer, bodyOffset, 4), {
    syscall: 'netlink',
    call: name,
    memory: answer,
    explain: (info, from) => {
      const header = readHeader(from);
      if (header.type !== NLMSG.ERROR) return new SystemError(info);
      return new NetlinkError(info, name, readAnswer(from, header, { bytes, codec }));
    },
  });
}
