import { AT_FDCWD, live, openat, OPEN, withDescriptor } from '@ts-c/syscall';
import { setns } from './calls.ts';
import { invalid } from './invalid.ts';
import { namespaceOf } from './kinds.ts';

/** Kinds that one thread of a process with many may change, and change back. */
export type ThreadNamespaceKind = 'net' | 'uts' | 'ipc' | 'cgroup';

const kinds: readonly string[] = ['net', 'uts', 'ipc', 'cgroup'] satisfies ThreadNamespaceKind[];

/**
 * Checks that a kind is one of those that a thread may change.
 *
 * @param name Who was asked for it, in an error.
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) where it is not.
 */
export function checkThreadKind(name: string, kind: ThreadNamespaceKind): void {
  if (!kinds.includes(kind))
    throw invalid(`${name}: expected one of ${kinds.join(', ')}, got ${JSON.stringify(kind)}`);
}

/** Opens the namespace of a kind that this thread is in. */
export function openOwn(kind: ThreadNamespaceKind): number {
  const path = `/proc/thread-self/ns/${namespaceOf(kind).file}`;
  return Number(live.call(openat, AT_FDCWD, path, OPEN.RDONLY | OPEN.CLOEXEC, 0));
}

/**
 * Leaves the namespace of a kind that this thread is in, does something, and comes back.
 *
 * @param leave What takes the thread into another one; where it fails, the thread has stayed.
 * @throws {SystemError} also where there is no way back: the thread is elsewhere then, whatever `body` has returned.
 */
export function andBack<T>(kind: ThreadNamespaceKind, leave: () => void, body: () => T): T {
  return withDescriptor(live, openOwn(kind), (home) => {
    leave();
    return live.ensure(body, () => live.call(setns, home, namespaceOf(kind).flag));
  });
}
