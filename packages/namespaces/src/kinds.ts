import { invalid } from './invalid.ts';

/** The kinds of namespaces that Linux has, by the names of namespaces(7). */
export type NamespaceKind = 'mount' | 'uts' | 'ipc' | 'user' | 'pid' | 'net' | 'cgroup' | 'time';

/** One kind of namespace: its keys and numbers. */
export interface Namespace {
  readonly kind: NamespaceKind;
  /** Its key in `container.json`: `NEWNET`. */
  readonly key: string;
  /** Its `CLONE_*` flag of clone(2), unshare(2) and setns(2). */
  readonly flag: number;
  /** Its file under /proc/PID/ns. */
  readonly file: string;
}

const list: readonly Namespace[] = [
  { kind: 'mount', key: 'NEWNS', flag: 0x0002_0000, file: 'mnt' },
  { kind: 'uts', key: 'NEWUTS', flag: 0x0400_0000, file: 'uts' },
  { kind: 'ipc', key: 'NEWIPC', flag: 0x0800_0000, file: 'ipc' },
  { kind: 'user', key: 'NEWUSER', flag: 0x1000_0000, file: 'user' },
  { kind: 'pid', key: 'NEWPID', flag: 0x2000_0000, file: 'pid' },
  { kind: 'net', key: 'NEWNET', flag: 0x4000_0000, file: 'net' },
  { kind: 'cgroup', key: 'NEWCGROUP', flag: 0x0200_0000, file: 'cgroup' },
  { kind: 'time', key: 'NEWTIME', flag: 0x80, file: 'time' },
];

/** All the kinds: first the six of libcontainer 1.1.0 in its order, then those that it lacked. */
export const namespaces: readonly Namespace[] = list;

/** The namespace behind a key of `container.json` (`NEWNET`), if there is one. Keys are matched exactly. */
export function getNamespace(key: string): Namespace | undefined {
  return list.find((namespace) => namespace.key === key);
}

/**
 * The namespace of a kind.
 *
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) for a kind that Linux does not have.
 */
export function namespaceOf(kind: NamespaceKind): Namespace {
  const found = list.find((namespace) => namespace.kind === kind);
  if (found) return found;
  const names = list.map((namespace) => namespace.kind).join(', ');
  throw invalid(`namespaces: there is no kind ${JSON.stringify(kind)}; kinds are ${names}`);
}

/** The `CLONE_*` flags of several kinds, joined. */
export function cloneFlags(kinds: Iterable<NamespaceKind>): number {
  let flags = 0;
  for (const kind of kinds) flags |= namespaceOf(kind).flag;
  return flags;
}
