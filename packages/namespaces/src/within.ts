import { AT_FDCWD, close, live, openat, OPEN } from '@ts-c/syscall';
import { setns } from './calls.ts';
import { openNamespace } from './join.ts';
import { namespaceOf } from './kinds.ts';
import type { NamespaceTarget } from './requests.ts';

/** Kinds that one thread of a process with many may change, and change back. */
export type ThreadNamespaceKind = 'net' | 'uts' | 'ipc';

/**
 * Runs a function inside another network, uts or ipc namespace, on this thread, and comes back, also when the function throws.
 *
 * Sockets that are opened inside stay there. The function has to be synchronous: while it waited, everything else on this thread
 * would be inside too. Needs CAP_SYS_ADMIN. See setns(2).
 *
 * @throws {SystemError} where the target is none or may not be entered.
 * @throws {TypeError} where the function returns a promise.
 *
 * @example
 * const interfaces = within('net', { pid }, () => os.networkInterfaces());
 */
export function within<T>(kind: ThreadNamespaceKind, target: NamespaceTarget, body: () => T): T {
  const { flag, file } = namespaceOf(kind);
  return live.section('@ts-c/namespaces', `within another ${kind} namespace`, () => {
    const home = live.call(
      openat,
      AT_FDCWD,
      `/proc/thread-self/ns/${file}`,
      OPEN.RDONLY | OPEN.CLOEXEC,
      0,
    );
    return live.ensure(
      () => {
        const there = openNamespace(live, target);
        const isOurs = typeof target === 'string' || 'pid' in target;
        live.ensure(
          () => live.call(setns, there, flag),
          () => isOurs && live.call(close, there),
        );
        return live.ensure(
          () => settled(body()),
          () => live.call(setns, home, flag),
        );
      },
      () => live.call(close, home),
    );
  });
}

function settled<T>(result: T): T {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return result;
  throw new TypeError('within: expected a synchronous function, got one that returns a promise');
}
