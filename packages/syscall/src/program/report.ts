import { syscall } from '../syscall.ts';
import { fd, flags, int, memory, sizeOf, uint } from '../parameter.ts';
import { Memory } from '../memory.ts';
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
  flags('flags', { MSG_NOSIGNAL: 0x4000 }),
  memory('dest_addr'),
  uint('addrlen'),
]);
const exitGroup = syscall('exit_group', [int('status')]);

/** Sends a report to the starter, if there still is one. The first 8 bytes of it are its kind. */
export function sendReport(program: Program, report: Memory): void {
  program.try(sendto, program.reportFd, report, reportSize, 0x4000, null, 0);
}

/** Reports the call that failed. */
export function sendFailure(
  program: Program,
  failure: { readonly record: Slot; readonly error: Slot },
): void {
  const report = new Memory(reportSize).set('u64', 0, failedReport);
  report.describe = () => '{failed}';
  program.store(report, 8, 8, failure.record);
  program.store(report, 16, 8, failure.error);
  sendReport(program, report);
}

/** What a Program does about a failure, unless told otherwise: reports it and ends. */
export function reportFailure(program: Program): void {
  sendFailure(program, program.failure());
  program.try(exitGroup, failedStatus);
}
