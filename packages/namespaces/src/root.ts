import { setgroups, setresgid, setresuid, type Kernel } from '@ts-c/syscall';

/**
 * Becomes root of the user namespace that has just been entered, as far as there is one: whoever comes from outside keeps an id that
 * may mean nothing inside. Supplementary groups go: they are the host's. See setresuid(2) and setgroups(2).
 */
export function becomeRoot(kernel: Kernel): void {
  leaveGroups(kernel);
  // EINVAL: the id is not mapped.
  kernel.attempt(['EINVAL'], () => kernel.call(setresgid, 0, 0, 0));
  kernel.attempt(['EINVAL'], () => kernel.call(setresuid, 0, 0, 0));
}

/** Gives up supplementary groups, unless the user namespace forbids it: user_namespaces(7) on /proc/PID/setgroups. */
export function leaveGroups(kernel: Kernel): void {
  kernel.attempt(['EPERM'], () => kernel.call(setgroups, 0, null));
}
