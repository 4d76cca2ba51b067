/** What was typed can't be done: one line, and perhaps what to type instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'ERR_USAGE';
  declare readonly hint?: string;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    if (hint !== undefined) this.hint = hint;
  }
}

/** Says what was expected in the place of a word, and what may have been meant by it. */
export function unexpected(
  name: string,
  expected: string,
  got: string,
  meant?: string,
): UsageError {
  const hint = meant === undefined ? undefined : `did you mean ${meant}?`;
  return new UsageError(`${name}: expected ${expected}, got ${JSON.stringify(got)}`, hint);
}
