import {
  AT_FDCWD,
  close,
  fd,
  oneOf,
  openat,
  OPEN,
  pidfdOpen,
  syscall,
  type Kernel,
  type Problem,
  type Program,
  type Value,
} from '@ts-c/syscall';
import { setns } from './calls.ts';
import { fail } from './fail.ts';
import { namespaceOf, type NamespaceKind } from './kinds.ts';
import type { Join } from './requests.ts';
import { becomeRoot } from './root.ts';

// User namespaces come on their own; the mount namespace is last, since it takes the meaning of host paths away.
const order: readonly NamespaceKind[] = ['ipc', 'uts', 'net', 'cgroup', 'pid', 'time', 'mount'];

const NS_GET_NSTYPE = 0xb703;
/** The ioctls of nsfs: ioctl_ns(2). */
const namespaceType = syscall('ioctl', [fd('fd'), oneOf('op', { NS_GET_NSTYPE })], 'n');

/**
 * Opens what setns(2) takes for a target. A descriptor that the caller passed in is used as it is.
 *
 * Waits for nobody: were the path a FIFO, opening it would otherwise be for ever.
 */
export function openNamespace(kernel: Kernel, { kind, target }: Join, descriptor?: Value): Value {
  if (descriptor !== undefined) return descriptor;
  if (typeof target === 'string')
    return kernel.call(openat, AT_FDCWD, target, OPEN.RDONLY | OPEN.NONBLOCK | OPEN.CLOEXEC, 0);
  if ('pidfd' in target) return target.pidfd;
  let opened: Value = -1;
  kernel.attempt(
    ['ESRCH'],
    () => (opened = kernel.call(pidfdOpen, target.pid, 0)),
    () =>
      fail(kernel, {
        code: 'ESRCH',
        message: `ESRCH: no such process, pidfd_open ${target.pid} (to join its ${kind} namespace)`,
        syscall: 'pidfd_open',
      }),
  );
  return opened;
}

/** Enters a namespace. Where that can't be, as it is one of another kind or none at all, the error says so. */
export function enterNamespace(kernel: Kernel, { kind, target }: Join, descriptor: Value): void {
  const { flag } = namespaceOf(kind);
  const enter = (): void => void kernel.call(setns, descriptor, flag);
  if (typeof target !== 'string') {
    enter();
    return;
  }
  const wrong = (what: string): Problem => ({
    code: 'EINVAL',
    message: `EINVAL: '${target}' ${what}, setns`,
    syscall: 'setns',
    path: target,
  });
  kernel.attempt(['EINVAL'], enter, () => {
    kernel.attempt(
      ['ENOTTY'],
      () => {
        const type = kernel.call(namespaceType, descriptor, NS_GET_NSTYPE);
        kernel.expect(type, { equals: flag }, wrong(`is not a ${kind} namespace`));
      },
      () => fail(kernel, wrong('is not a namespace')),
    );
    // Of the right kind, so there is another reason.
    enter();
  });
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
  const opened = openNamespaces(program, joins, descriptors);
  const user = joins.find(({ kind }) => kind === 'user');
  const others = joins
    .filter(({ kind }) => kind !== 'user')
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const enter = (join: Join): void => enterNamespace(program, join, opened.get(join) as Value);
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
    becomeRoot(program);
  }
  for (const descriptor of new Set(opened.values())) program.call(close, descriptor);
}

function openNamespaces(
  program: Program,
  joins: readonly Join[],
  descriptors: ReadonlyMap<Join, Value>,
): ReadonlyMap<Join, Value> {
  // A process is looked up once: its namespaces are those of one process, even if its pid becomes another's meanwhile.
  const processes = new Map<number, Value>();
  return new Map(
    joins.map((join) => {
      const { target } = join;
      const pid = typeof target === 'object' && 'pid' in target ? target.pid : undefined;
      const known = pid === undefined ? descriptors.get(join) : processes.get(pid);
      const descriptor = openNamespace(program, join, known);
      if (pid !== undefined) processes.set(pid, descriptor);
      return [join, descriptor];
    }),
  );
}
