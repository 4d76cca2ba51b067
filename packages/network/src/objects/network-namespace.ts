import { createNamespace, type HeldNamespace } from '@ts-c/namespaces';
import { setLink } from './links.ts';

/**
 * A network namespace of one's own: a network with nothing in it but `lo`, which is up. It goes wherever a `namespace` is asked for, here
 * and in `@ts-c/namespaces`.
 *
 * A file descriptor of this process holds it. It goes, with its devices, addresses and routes, when it is closed and there is no process
 * in it any more and no socket that was opened in it; with the process at the latest, unless something is bound to {@link path}. See
 * namespaces(7) and network_namespaces(7).
 *
 * @example
 * await using box = await NetworkNamespace.create();
 * await createLink({ kind: 'veth', name: 'a', peer: { name: 'eth0', namespace: box } });
 */
export class NetworkNamespace implements Disposable, AsyncDisposable {
  readonly #held: HeldNamespace;

  private constructor(held: HeldNamespace) {
    this.#held = held;
  }

  /**
   * Makes one. Needs CAP_SYS_ADMIN.
   *
   * @throws {SystemError} `EPERM` without that, `ENOSPC` where there are more than `/proc/sys/user/max_net_namespaces` allows.
   */
  static async create(): Promise<NetworkNamespace> {
    const namespace = new NetworkNamespace(createNamespace('net'));
    try {
      await setLink('lo', { up: true }, { namespace });
    } catch (error) {
      namespace.close();
      throw error;
    }
    return namespace;
  }

  /** The file descriptor, which no child inherits; -1 once closed. */
  get fd(): number {
    return this.#held.fd;
  }

  /**
   * The path by which other processes can open it, such as nsenter(1): `/proc/PID/fd/FD`.
   *
   * @throws {Error} `ERR_NAMESPACE_CLOSED` once it is closed.
   */
  get path(): string {
    return this.#held.path;
  }

  /** Lets go of it; once more does nothing. */
  close(): void {
    this.#held.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
