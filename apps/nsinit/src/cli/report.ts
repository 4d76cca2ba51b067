import { debuglog } from 'node:util';
import { hintFor } from './hints.ts';
import { printable, type Output } from './output.ts';

/** Exit status of nsinit's own failures. */
const failure = 125;

/**
 * Says what went wrong: a line each for what and, where it is known, what to do about it.
 *
 * @returns the status to exit with.
 */
export function report(error: unknown, stderr: Output): number {
  const { style } = stderr;
  for (const line of printable(messageOf(error)).split('\n')) {
    stderr.write(`${style.red('nsinit:')} ${line}\n`);
  }
  const hint = hintFor(error);
  if (hint !== undefined) stderr.write(`${style.yellow('hint:')} ${printable(hint)}\n`);
  if (debuglog('nsinit').enabled && error instanceof Error)
    stderr.write(`${printable(stackOf(error))}\n`);
  return exitStatusOf(error);
}

/** Says something that does not keep anything from going on. */
export function warn(message: string, stderr: Output): void {
  for (const line of printable(message).split('\n')) {
    stderr.write(`${stderr.style.yellow('nsinit: warning:')} ${line}\n`);
  }
}

/** What an error says, in as many lines as it has things to say. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What failed, and what failed while that was undone.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('\n');
  return error.message || error.name;
}

function stackOf(error: Error): string {
  const own = error.stack ?? '';
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}

function exitStatusOf(error: unknown): number {
  const { exitStatus } = (error ?? {}) as { readonly exitStatus?: unknown };
  return typeof exitStatus === 'number' && exitStatus > 0 && exitStatus < 256
    ? exitStatus
    : failure;
}
