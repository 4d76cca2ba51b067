import { getSystemErrorMessage } from './message.ts';
import { errnoCode, errnoNumber, isErrnoCode } from './errno.ts';
import type { ErrnoCode } from './errno.ts';
import type { Answer, Problem } from './kernel.ts';

/** Where a Program was when it failed. */
export interface Step {
  /** The number of the call, from 1. */
  readonly number: number;
  /** How many calls the Program has. */
  readonly of: number;
  /** The call as the listing shows it. */
  readonly call: string;
}

/** What a {@link SystemError} is made of. */
export interface SystemErrorInfo {
  readonly errno: number;
  readonly syscall: string;
  readonly path?: string | undefined;
  readonly dest?: string | undefined;
  /** The package whose operation it was. */
  readonly owner?: string | undefined;
  /** What the operation was for. */
  readonly title?: string | undefined;
  readonly step?: Step | undefined;
}

/** A refusal of the kernel, in the shape of Node's own: `code`, `errno` (negative), `syscall`, `path`, `dest`. */
export class SystemError extends Error {
  override readonly name: string = 'SystemError';
  readonly code: ErrnoCode;
  readonly errno: number;
  readonly syscall: string;
  declare readonly path?: string;
  declare readonly dest?: string;
  /** The package whose operation failed, `@ts-c/mount`. */
  declare readonly owner?: string;
  /** What the operation was for. */
  declare readonly title?: string;
  /** Which step of a Program failed; absent for a call made live. */
  declare readonly step?: Step;

  constructor(info: SystemErrorInfo) {
    const code = errnoCode(info.errno);
    super(
      `${code}: ${getSystemErrorMessage(info.errno)}, ${info.syscall}${formatPaths(info)}${formatPlace(info)}`,
    );
    this.code = code;
    this.errno = -info.errno;
    this.syscall = info.syscall;
    if (info.path !== undefined) this.path = info.path;
    if (info.dest !== undefined) this.dest = info.dest;
    if (info.owner !== undefined) this.owner = info.owner;
    if (info.title !== undefined) this.title = info.title;
    if (info.step !== undefined) this.step = info.step;
  }
}

/** The error that a problem is. One with a code of the kernel's gets its number too. */
export function problemError(
  { message, ...rest }: Problem,
  section?: { readonly owner: string; readonly title: string },
): Error {
  const errno = isErrnoCode(rest.code) ? { errno: -errnoNumber(rest.code) } : {};
  return Object.assign(new Error(message), rest, errno, section);
}

/** The error that an answer of the kernel's is, with all that it says where that is known. */
export function answerError(
  { memory, explain }: Answer,
  info: SystemErrorInfo,
  bytes: Uint8Array,
): SystemError {
  if (!explain || !memory || bytes.length < memory.size) return new SystemError(info);
  return explain(info, Buffer.from(bytes.buffer, bytes.byteOffset, memory.size));
}

/** Is this an error of the kernel with one of these names? */
export function isErrno(error: unknown, ...codes: readonly ErrnoCode[]): error is SystemError {
  return error instanceof SystemError && codes.some((code) => errnoNumber(code) === -error.errno);
}

function formatPaths({ path, dest }: SystemErrorInfo): string {
  if (path !== undefined && dest !== undefined) return ` '${path}' -> '${dest}'`;
  if (path !== undefined) return ` '${path}'`;
  return dest === undefined ? '' : ` -> '${dest}'`;
}

function formatPlace({ owner, title, step }: SystemErrorInfo): string {
  const parts: string[] = [];
  if (step) parts.push(`step ${step.number} of ${step.of}`);
  if (owner) parts.push(title ? `${owner}: ${title}` : owner);
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}
