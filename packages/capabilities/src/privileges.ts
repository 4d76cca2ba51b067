import { CLOSE_RANGE, closeRange, PR, prctl, type Kernel, type SIGNAL } from '@ts-c/syscall';
import { prctlSignal, prctlSwitch } from './calls.ts';

const owner = '@ts-c/capabilities';

/** Sees to it that no execve(2) gives more privileges than there are now: PR_SET_NO_NEW_PRIVS of prctl(2). There is no way back. */
export function setNoNewPrivileges(kernel: Kernel): void {
  kernel.section(owner, 'no new privileges', () => kernel.call(prctl, PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

/** Which signal comes when the parent dies, 0 for none: PR_SET_PDEATHSIG of prctl(2). A change of user clears it. */
export function setParentDeathSignal(kernel: Kernel, signal: (typeof SIGNAL)[keyof typeof SIGNAL] | 0): void {
  kernel.section(owner, 'the parent-death signal', () => kernel.call(prctlSignal, PR.SET_PDEATHSIG, signal));
}

/** May others of the same user look into this process: PR_SET_DUMPABLE of prctl(2)? */
export function setDumpable(kernel: Kernel, dumpable: boolean): void {
  kernel.section(owner, 'who may look into it', () => kernel.call(prctlSwitch, PR.SET_DUMPABLE, dumpable ? 1 : 0));
}

/** Has execve(2) close all file descriptors from this one on: close_range(2). */
export function closeOnExec(kernel: Kernel, first = 3): void {
  kernel.section(owner, 'descriptors to close', () =>
    kernel.call(closeRange, first, 0xffff_ffff, CLOSE_RANGE.CLOEXEC),
  );
}
