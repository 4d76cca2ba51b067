import { closeSync, readlinkSync } from 'node:fs';
import { live } from '@ts-c/syscall';
import { unshare } from './calls.ts';
import { namespaceOf } from './kinds.ts';
import { andBack, checkThreadKind, openOwn, type ThreadNamespaceKind } from './thread.ts';

/**
 * A namespace that is held open by a file descriptor of this process. It is a {@link NamespaceTarget} as it is.
 *
 * It goes when it is closed here, at the latest with this process, and there is neither a process in it nor anything else that holds
 * it, such as a socket, a bind mount or another descriptor: namespaces(7).
 */
export class HeldNamespace implements Disposable, AsyncDisposable {
  readonly kind: ThreadNamespaceKind;
  #fd: number;

  constructor(kind: ThreadNamespaceKind, fd: number) {
    this.kind = kind;
    this.#fd = fd;
  }

  /** The file descriptor, which no child inherits; -1 once closed. */
  get fd(): number {
    return this.#fd;
  }

  /**
   * The path by which it can be opened, in other processes of the same rights as well: `/proc/PID/fd/FD`.
   *
   * @throws {Error} (`ERR_NAMESPACE_CLOSED`) once it is closed, as the number of the descriptor may be another's by now.
   */
  get path(): string {
    if (this.#fd === -1) {
      const error = new Error(`this ${this.kind} namespace has been closed`);
      throw Object.assign(error, { code: 'ERR_NAMESPACE_CLOSED' });
    }
    // The pid that /proc knows this process by, which need not be the one that the process knows.
    return `/proc/${readlinkSync('/proc/self')}/fd/${this.#fd}`;
  }

  /** Lets go of it; once more does nothing. */
  close(): void {
    if (this.#fd === -1) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/**
 * Makes a namespace that nobody is in: no process is needed to hold it. Needs CAP_SYS_ADMIN. See unshare(2).
 *
 * This thread makes it by going there for a moment, so these are the kinds that a single thread can change: a new network, uts, ipc or
 * cgroup namespace.
 *
 * @throws {SystemError} `EPERM` without CAP_SYS_ADMIN, `ENOSPC` where there are more than `/proc/sys/user` allows.
 * @throws {TypeError} (`ERR_INVALID_ARG_VALUE`) for another kind.
 *
 * @example
 * using net = createNamespace('net');
 * within('net', net, () => server.listen(80));
 */
export function createNamespace(kind: ThreadNamespaceKind): HeldNamespace {
  checkThreadKind('createNamespace', kind);
  let opened = -1;
  try {
    live.section('@ts-c/namespaces', `a new ${kind} namespace`, () =>
      andBack(
        kind,
        () => live.call(unshare, namespaceOf(kind).flag),
        () => (opened = openOwn(kind)),
      ),
    );
    return new HeldNamespace(kind, opened);
  } catch (error) {
    if (opened !== -1) closeSync(opened);
    throw error;
  }
}
