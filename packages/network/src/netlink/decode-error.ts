/** A message that does not hold together: truncated, or lengths in it that lead outside. See netlink(7). */
export class NetlinkDecodeError extends Error {
  override readonly name: string = 'NetlinkDecodeError';
  readonly code = 'ERR_NETLINK_DECODE';
  /** Where in the bytes. */
  readonly offset: number;
  readonly #problem: string;
  #within: string[] = [];

  constructor(problem: string, offset: number) {
    super(`${problem} (at byte ${offset})`);
    this.#problem = problem;
    this.offset = offset;
  }

  /** The names of the message and of the attributes that it lies in, the outermost first: `['link', 'info', 'kind']`. */
  get within(): readonly string[] {
    return this.#within;
  }

  /** Adds the name of what it lies in. */
  inside(name: string): this {
    this.#within = [name, ...this.#within];
    this.message = `${this.#within.join('.')}: ${this.#problem} (at byte ${this.offset})`;
    return this;
  }
}
