import { AT_FDCWD, close, live, openat, OPEN } from '@ts-c/syscall';
import { setns } from './calls.ts';
import { invalid } from './invalid.ts';
import { enterNamespace, openNamespace } from './join.ts';
import { namespaceOf } from './kinds.ts';
import { checkTarget, type NamespaceTarget } from './requests.ts';

/** Kinds that one thread of a process with many may change, and change back. */
export type ThreadNamespaceKind = 'net' | 'uts' | 'ipc';

const kinds: readonly string[] = ['net', 'uts', 'ipc'] satisfies ThreadNamespaceKind[];

/**
 * Runs a function inside another network, uts or ipc namespace, on this thread, and comes back, also when the function throws.
 *
 * Sockets that are opened inside stay there. The function has to be synchronous: while it waited, everything else on this thread
 * would be inside too. Needs CAP_SYS_ADMIN. See setns(2).
 *
 * @throws {SystemError} where the target may not be entered; `EINVAL` where it is another kind of namespace, or none.
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) for another kind, for a target that is no path, pid or pidfd, and for a function that
 * is async: it has not been run. One that turns out to return a promise has.
 *
 * @example
 * const interfaces = within('net', { pid }, () => os.networkInterfaces());
 */
export function within<T>(kind: ThreadNamespaceKind, target: NamespaceTarget, body: () => T): T {
  if (!kinds.includes(kind))
    throw invalid(`within: expected one of ${kinds.join(', ')}, got ${JSON.stringify(kind)}`);
  if (Object.prototype.toString.call(body) === '[object AsyncFunction]')
    throw invalid('within: expected a synchronous function, got an async one');
  const join = { kind, target: checkTarget('target', target) };
  return live.section('@ts-c/namespaces', `within another ${kind} namespace`, () => {
    const home = live.call(
      openat,
      AT_FDCWD,
      `/proc/thread-self/ns/${namespaceOf(kind).file}`,
      OPEN.RDONLY | OPEN.CLOEXEC,
      0,
    );
    return live.ensure(
      () => {
        const there = openNamespace(live, join);
        const isOurs = typeof target === 'string' || 'pid' in target;
        live.ensure(
          () => enterNamespace(live, join, there),
          () => isOurs && live.call(close, there),
        );
        return live.ensure(
          () => settled(body()),
          () => live.call(setns, home, namespaceOf(kind).flag),
        );
      },
      () => live.call(close, home),
    );
  });
}

function settled<T>(result: T): T {
  const promise = result as { then?: unknown } | null | undefined;
  if (typeof promise?.then !== 'function') return result;
  // What becomes of it is nobody's business any more.
  promise.then(undefined, () => {});
  throw invalid('within: expected a synchronous function, got one that returns a promise');
}
