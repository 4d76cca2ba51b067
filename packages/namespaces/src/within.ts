import { close, live } from '@ts-c/syscall';
import { invalid } from './invalid.ts';
import { enterNamespace, openNamespace } from './join.ts';
import { checkTarget, type NamespaceTarget } from './requests.ts';
import { andBack, checkThreadKind, type ThreadNamespaceKind } from './thread.ts';

/**
 * Runs a function inside another network, uts, ipc or cgroup namespace, on this thread, and comes back, also when the function throws.
 *
 * Sockets that are opened inside stay there. The function has to be synchronous: while it waited, everything else on this thread
 * would be inside too. Needs CAP_SYS_ADMIN. See setns(2).
 *
 * @throws {SystemError} where the target may not be entered; `EINVAL` where it is another kind of namespace, or none.
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) for another kind, for a target that is none, and for a function that is async: it has
 * not been run. One that turns out to return a promise has.
 *
 * @example
 * const interfaces = within('net', { pid }, () => os.networkInterfaces());
 */
export function within<T>(kind: ThreadNamespaceKind, target: NamespaceTarget, body: () => T): T {
  checkThreadKind('within', kind);
  if (Object.prototype.toString.call(body) === '[object AsyncFunction]')
    throw invalid('within: expected a synchronous function, got an async one');
  const join = { kind, target: checkTarget('target', target) };
  const enter = (): void => {
    const there = openNamespace(live, join);
    const isOurs = typeof join.target === 'string' || 'pid' in join.target;
    live.ensure(
      () => enterNamespace(live, join, there),
      () => isOurs && live.call(close, there),
    );
  };
  return live.section('@ts-c/namespaces', `within another ${kind} namespace`, () =>
    andBack(kind, enter, () => settled(body())),
  );
}

function settled<T>(result: T): T {
  const promise = result as { then?: unknown } | null | undefined;
  if (typeof promise?.then !== 'function') return result;
  // What becomes of it is nobody's business any more.
  promise.then(undefined, () => {});
  throw invalid('within: expected a synchronous function, got one that returns a promise');
}
