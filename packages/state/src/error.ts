/** What went wrong with a state, a lock or a container of the store. */
export type StateErrorCode =
  | 'ERR_AMBIGUOUS_ID'
  | 'ERR_CONTAINER_RUNNING'
  | 'ERR_INVALID_ID'
  | 'ERR_LOCKED'
  | 'ERR_NO_SUCH_CONTAINER'
  | 'ERR_STATE_CORRUPT'
  | 'ERR_STATE_ROOT';

/** An error of this package: `code` says which, `path` where. Refusals of the kernel keep Node's own shape. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly code: StateErrorCode;
  declare readonly path?: string;

  constructor(code: StateErrorCode, message: string, path?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    if (path !== undefined) this.path = path;
  }
}

/** Is this an error of Node or of the kernel with one of these codes? */
export function hasCode(error: unknown, ...codes: readonly string[]): error is Error {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
