import { errnoNumber, SystemError, type ErrnoCode } from '@ts-c/syscall';

/** Why nobody has answered, in the shape of Node's own errors; `syscall` is `ping`. */
export class PingError extends SystemError {
  override readonly name: string = 'PingError';
  /** Who was asked. */
  readonly address: string;
  /** Who says that there is no way; absent where this machine knows by itself. */
  declare readonly from?: string;

  constructor(
    error: ErrnoCode | number,
    address: string,
    { from, remedy }: { readonly from?: string | undefined; readonly remedy?: string } = {},
  ) {
    super({ errno: typeof error === 'number' ? error : errnoNumber(error), syscall: 'ping' });
    this.address = address;
    if (from !== undefined) this.from = from;
    this.message += ` ${address}`;
    if (from !== undefined) this.message += `: so says ${from}`;
    if (remedy !== undefined) this.message += `: ${remedy}`;
  }
}
