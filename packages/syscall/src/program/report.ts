import { syscall } from '../syscall.ts';
import { fd, flags, int, memory, sizeOf, uint } from '../parameter.ts';
import { Memory } from '../memory.ts';
import { iovec, MSG, msghdr, sendmsg } from '../socket-calls.ts';
import type { Slot } from '../value.ts';
import type { Program } from './program.ts';

/** Size of a report: 8 bytes for its kind, 32 for what it says. */
export const reportSize = 40;
/** The kind of report that says which call failed. Other kinds are up to who writes the Program. */
export const failedReport = 1;
/** Exit status of a Program that failed. */
export const failedStatus = 125;

const sendto = syscall('sendto', [
  fd('sockfd'),
  memory('buf'),
  sizeOf('len', 'buf'),
  flags('flags', { MSG_NOSIGNAL: MSG.NOSIGNAL }),
  memory('dest_addr'),
  uint('addrlen'),
]);
const exitGroup = syscall('exit_group', [int('status')]);

/** Sends a report to the starter, if there still is one. The first 8 bytes of it are its kind. */
export function sendReport(program: Program, report: Memory): void {
  program.try(sendto, program.reportFd, report, reportSize, MSG.NOSIGNAL, null, 0);
}

/** What is known of a failure while a Program runs. */
export interface Failure {
  /** Where the record of the call lies. */
  readonly record: Slot;
  /** The number of its error, negative. */
  readonly error: Slot;
  /** The kernel's last answer that was an error: where it lies, and its size. It may belong to an earlier failure. */
  readonly answer: Slot;
  readonly answerSize: Slot;
}

/** Reports the call that failed, and the kernel's answer with it, as far as there was one. */
export function sendFailure(
  program: Program,
  { record, error, answer, answerSize }: Failure,
): void {
  const report = new Memory(reportSize)
    .set('u64', 0, failedReport)
    .set('u64', 8, record)
    .set('u64', 16, error)
    .set('u64', 24, answerSize);
  const parts = new Memory(2 * iovec.size)
    .pointer(0, report)
    .set('u64', 8, reportSize)
    .set('u64', iovec.size, answer)
    .set('u64', iovec.size + 8, answerSize);
  const message = msghdr.make({ msg_iov: parts, msg_iovlen: 2 });
  message.describe = () => '{failed}';
  // At once: others may be reporting, too.
  program.try(sendmsg, program.reportFd, message, MSG.NOSIGNAL);
}

/** What a Program does about a failure, unless told otherwise: reports it and ends. */
export function reportFailure(program: Program): void {
  sendFailure(program, program.failure());
  program.try(exitGroup, failedStatus);
}
