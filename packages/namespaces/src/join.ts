import {
  AT_FDCWD,
  close,
  openat,
  OPEN,
  pidfdOpen,
  type Kernel,
  type Program,
  type Value,
} from '@ts-c/syscall';
import { setns } from './calls.ts';
import { namespaceOf, type NamespaceKind } from './kinds.ts';
import type { Join, NamespaceTarget } from './requests.ts';

// User namespaces come on their own; the mount namespace is last, since it takes the meaning of host paths away.
const order: readonly NamespaceKind[] = ['ipc', 'uts', 'net', 'cgroup', 'pid', 'time', 'mount'];

/** Opens what setns(2) takes for a target. A descriptor that the caller passed in is used as it is. */
export function openNamespace(kernel: Kernel, target: NamespaceTarget, descriptor?: Value): Value {
  if (descriptor !== undefined) return descriptor;
  if (typeof target === 'string')
    return kernel.call(openat, AT_FDCWD, target, OPEN.RDONLY | OPEN.CLOEXEC, 0);
  if ('pid' in target) return kernel.call(pidfdOpen, target.pid, 0);
  return target.pidfd;
}

/**
 * Steps that join existing namespaces. All are opened before the first is entered: afterwards paths of the host mean nothing.
 *
 * A user namespace gives capabilities over those that it owns, and takes them away over all others. So the others are tried
 * first, and those that were refused once more from inside.
 *
 * @param descriptors File descriptors, of the Program, of targets that are pidfds.
 */
export function joinNamespaces(
  program: Program,
  joins: readonly Join[],
  descriptors: ReadonlyMap<Join, Value>,
): void {
  const opened = new Map(
    joins.map((join) => [join, openNamespace(program, join.target, descriptors.get(join))]),
  );
  const user = joins.find(({ kind }) => kind === 'user');
  const others = joins
    .filter(({ kind }) => kind !== 'user')
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const enter = (join: Join): void => {
    program.call(setns, opened.get(join) as Value, namespaceOf(join.kind).flag);
  };
  if (!user) {
    others.forEach(enter);
  } else {
    const refused = others.map((join) => {
      const flag = program.variable('refused');
      program.attempt(
        ['EPERM'],
        () => enter(join),
        () => program.set(flag, 1),
      );
      return flag;
    });
    enter(user);
    others.forEach((join, index) =>
      program.when(refused[index] as Value, { equals: 1 }, () => enter(join)),
    );
  }
  for (const descriptor of opened.values()) program.call(close, descriptor);
}
