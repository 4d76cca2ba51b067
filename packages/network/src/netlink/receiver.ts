import { isErrno, live, Memory, MSG } from '@ts-c/syscall';
import { address, recvfrom } from './calls.ts';

/** Receives datagrams into one buffer, which grows to the largest. */
export class Receiver {
  readonly #fd: number;
  readonly #probe = new Memory(1);
  readonly #address = new Memory(address.size);
  readonly #addressLength = new Memory(4);
  #buffer = new Memory(32 * 1024);

  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * The next datagram, or undefined where there is none at the moment. It is valid until the next call.
   *
   * @throws {SystemError} `ENOBUFS` where the kernel had to drop some.
   */
  receive(): Buffer | undefined {
    for (;;) {
      const size = this.#size();
      if (size === undefined) return undefined;
      if (size > this.#buffer.size) this.#buffer = new Memory(2 ** Math.ceil(Math.log2(size)));
      this.#addressLength.set('u32', 0, address.size);
      const received = Number(
        live.call(
          recvfrom,
          this.#fd,
          this.#buffer,
          this.#buffer.size,
          MSG.DONTWAIT | MSG.TRUNC,
          this.#address,
          this.#addressLength,
        ),
      );
      // Another process may send here, too: only the kernel's port is 0.
      if (this.#address.get('u32', address.offsets.port) !== 0) continue;
      const { buffer, byteOffset } = this.#buffer.bytes;
      return Buffer.from(buffer, byteOffset, Math.min(received, this.#buffer.size));
    }
  }

  /** How many bytes the next datagram has. */
  #size(): number | undefined {
    try {
      return Number(
        live.call(
          recvfrom,
          this.#fd,
          this.#probe,
          1,
          MSG.PEEK | MSG.TRUNC | MSG.DONTWAIT,
          null,
          null,
        ),
      );
    } catch (error) {
      if (isErrno(error, 'EAGAIN')) return undefined;
      throw error;
    }
  }
}
