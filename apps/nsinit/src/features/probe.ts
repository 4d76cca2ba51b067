import type { ChildProcess } from 'node:child_process';
import process from 'node:process';
import { launch, ownMapping, supervise, type NamespaceKind } from '@ts-c/namespaces';
import { exitGroup, isErrno, Program, spawn, type ErrnoCode } from '@ts-c/syscall';

/** What a probe has run into. */
export interface Refusal {
  /** The error's name, or the signal that ended the probe. */
  readonly code: string;
  readonly syscall?: string;
  readonly message: string;
}

/**
 * Tries something for real, in a process of its own that ends with it: nothing of what it does is left.
 *
 * @param expected Errors that show that the kernel knows the call, asked in a way that it can only refuse.
 * @returns nothing where it works.
 */
export function probe(
  body: (program: Program) => void,
  expected: readonly ErrnoCode[] = [],
): Promise<Refusal | undefined> {
  const program = new Program();
  program.section('nsinit', 'a probe', () => {
    body(program);
    program.call(exitGroup, 0);
  });
  return outcome(() => spawn(program, { stdio: 'ignore' }).process, expected);
}

/** As {@link probe}, as the first process in new namespaces; with a user namespace among them the caller is root there. */
export function probeInside(
  kinds: readonly NamespaceKind[],
  body: (program: Program) => void,
  expected: readonly ErrnoCode[] = [],
): Promise<Refusal | undefined> {
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  const program = new Program();
  supervise(program, {
    created: new Set(kinds),
    ...(kinds.includes('user')
      ? { mappings: { uid: ownMapping(uid), gid: ownMapping(gid), writer: 'self' } }
      : {}),
    execute: () =>
      program.section('nsinit', 'a probe', () => {
        body(program);
        program.call(exitGroup, 0);
      }),
  });
  return outcome(() => launch(program, { stdio: 'ignore' }).process, expected);
}

/** Starts a probe and waits for its end. */
function outcome(
  start: () => ChildProcess,
  expected: readonly ErrnoCode[],
): Promise<Refusal | undefined> {
  return new Promise((resolve) => {
    let failure: Error | undefined;
    try {
      const child = start();
      child.on('error', (error) => {
        failure ??= error;
        // A process that never came to be does not close.
        if (child.pid === undefined) resolve(refusalOf(error));
      });
      child.on('close', (_, signal) => {
        if (signal !== null) resolve({ code: signal, message: `the probe was ended by ${signal}` });
        else resolve(failure && !isErrno(failure, ...expected) ? refusalOf(failure) : undefined);
      });
    } catch (error) {
      resolve(refusalOf(error as Error));
    }
  });
}

function refusalOf(error: NodeJS.ErrnoException): Refusal {
  const { code = 'ERR_UNKNOWN', syscall, message } = error;
  return { code, message, ...(syscall === undefined ? {} : { syscall }) };
}
