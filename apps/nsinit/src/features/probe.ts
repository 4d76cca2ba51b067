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
  return new Promise((resolve) => {
    let failure: Error | undefined;
    try {
      const { process } = spawn(program, { stdio: 'ignore' });
      process.on('error', (error) => {
        failure = error;
        // A process that never came to be does not close.
        if (process.pid === undefined) resolve(refusalOf(error));
      });
      process.on('close', (_, signal) => {
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
