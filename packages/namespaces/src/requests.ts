import { checkInteger, checkString } from '@ts-c/syscall';
import { invalid } from './invalid.ts';
import { namespaceOf, type NamespaceKind } from './kinds.ts';

/**
 * An existing namespace: the path of its file (`/proc/PID/ns/net`, or a bind mount of such a file), also as that of an object such as
 * a {@link HeldNamespace}; the pid of a process in it, or a pidfd of one.
 */
export type NamespaceTarget = CheckedTarget | { readonly path: string };

/** A target as {@link checkTarget} gives it. */
export type CheckedTarget = string | { readonly pid: number } | { readonly pidfd: number };

/** Which namespaces a process gets: `true` for a new one, a target to join one that exists. What is absent is shared. */
export type NamespaceRequests = {
  readonly [K in NamespaceKind]?: boolean | NamespaceTarget | undefined;
};

/** A namespace to join. */
export interface Join {
  readonly kind: NamespaceKind;
  readonly target: CheckedTarget;
}

/** Requests, sorted out. */
export interface SortedRequests {
  readonly created: ReadonlySet<NamespaceKind>;
  readonly joined: readonly Join[];
}

/**
 * Checks requests and sorts them into new namespaces and ones to join.
 *
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) for an unknown kind, or a target that is no path, pid or pidfd.
 */
export function sortRequests(requests: NamespaceRequests): SortedRequests {
  const created = new Set<NamespaceKind>();
  const joined: Join[] = [];
  for (const [kind, request] of Object.entries(requests) as [
    NamespaceKind,
    NamespaceRequests[NamespaceKind],
  ][]) {
    namespaceOf(kind);
    if (request === undefined || request === false) continue;
    if (request === true) created.add(kind);
    else joined.push({ kind, target: checkTarget(`namespaces.${kind}`, request) });
  }
  return { created, joined };
}

/**
 * Checks what may name a namespace. Of an object with a path that path is left.
 *
 * @param name What to call it in an error.
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) where it is no absolute path, pid or pidfd.
 */
export function checkTarget(name: string, target: NamespaceTarget): CheckedTarget {
  if (isObject(target) && 'path' in target) return checkTarget(`${name}.path`, target.path);
  if (typeof target === 'string') {
    checkString(name, target);
    if (!target.startsWith('/'))
      throw invalid(`${name}: expected an absolute path, got ${JSON.stringify(target)}`);
  } else if (isObject(target) && 'pid' in target) {
    checkInteger(`${name}.pid`, target.pid, 1n, 2n ** 31n - 1n);
  } else if (isObject(target) && 'pidfd' in target) {
    checkInteger(`${name}.pidfd`, target.pidfd, 0n, 2n ** 31n - 1n);
  } else {
    throw invalid(
      `${name}: expected a path, { path }, { pid } or { pidfd }, got ${JSON.stringify(target)}`,
    );
  }
  return target;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
