import { CLOSE_RANGE, closeRange, PR, prctl, type Kernel, type SIGNAL } from '@ts-c/syscall';
import { getppid, prctlSignal, prctlSwitch } from './calls.ts';

const owner = '@ts-c/capabilities';

/** Sees to it that no execve(2) gives more privileges than there are now: PR_SET_NO_NEW_PRIVS of prctl(2). There is no way back. */
export function setNoNewPrivileges(kernel: Kernel): void {
  kernel.section(owner, 'no new privileges', () =>
    kernel.call(prctl, PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0),
  );
}

/**
 * Which signal comes when the thread that started this process ends, 0 for none: PR_SET_PDEATHSIG of prctl(2). A change of user
 * clears it, and so does execve(2) of a file with privileges.
 *
 * @param parent The process id that the parent has, if it is still there: without it nobody notices that it ended before. To the
 *   first process of a pid namespace every parent is 0, whether it lives or not.
 * @throws {Error} `ERR_PARENT_ENDED` where the parent is another one by now.
 */
export function setParentDeathSignal(
  kernel: Kernel,
  signal: (typeof SIGNAL)[keyof typeof SIGNAL] | 0,
  parent?: number,
): void {
  kernel.section(owner, 'the parent-death signal', () => {
    kernel.call(prctlSignal, PR.SET_PDEATHSIG, signal);
    if (parent === undefined) return;
    kernel.expect(
      kernel.call(getppid),
      { equals: parent },
      { code: 'ERR_PARENT_ENDED', message: `the parent, process ${parent}, has ended meanwhile` },
    );
  });
}

/**
 * May others of the same user trace this process and look into its /proc/PID: PR_SET_DUMPABLE of prctl(2)? To say no belongs in
 * front of joining any namespace (CVE-2016-9962). A change of user and execve(2) set it anew.
 */
export function setDumpable(kernel: Kernel, dumpable: boolean): void {
  kernel.section(owner, 'who may look into it', () =>
    kernel.call(prctlSwitch, PR.SET_DUMPABLE, dumpable ? 1 : 0),
  );
}

/** Has execve(2) close all file descriptors from this one on: close_range(2), CLOSE_RANGE_CLOEXEC. */
export function closeOnExec(kernel: Kernel, first = 3): void {
  kernel.section(owner, 'descriptors to close', () =>
    kernel.call(closeRange, first, 0xffff_ffff, CLOSE_RANGE.CLOEXEC),
  );
}
